"""Questions: general English requests, made from families of templates and topics.

The base model answers them (`glm.training.replay`), and those answers are mixed into the
training so that learning a new protocol does not unlearn plain English conversation.
Long because it is mostly tables.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from glm.training.dialogue import Split

HELD_OUT_SHARE = 7
"""Every seventh topic of a family, and every seventh single question, belongs to "heldout"."""


@dataclass(frozen=True)
class Family:
    """Templates with one slot `{}`, and the topics that fit it, separated by ``|``."""

    templates: tuple[str, ...]
    topics: str

    def questions(self, split: Split) -> list[str]:
        """All questions of this family in `split`."""
        topics = [topic.strip() for topic in self.topics.split("|")]
        return [t.format(topic) for topic, t in itertools.product(_of_split(topics, split), self.templates)]


def _of_split(items: list[str], split: Split) -> list[str]:
    held_out = split == "heldout"
    return [item for i, item in enumerate(items) if (i % HELD_OUT_SHARE == HELD_OUT_SHARE - 1) == held_out]


FAMILIES: tuple[Family, ...] = (
    Family(
        (
            "Explain {} in simple terms.",
            "What is {}?",
            "Can you explain {} to a ten year old?",
            "How does {} work?",
            "Give me a short overview of {}.",
            "why is {} important?",
        ),
        "photosynthesis|gravity|evolution|the water cycle|electricity|plate tectonics|inflation|the immune system|"
        "radioactivity|magnetism|DNA replication|the greenhouse effect|a black hole|machine learning|blockchain|"
        "the stock market|a solar panel|the human heart|digestion|nuclear fusion|quantum mechanics|natural selection|"
        "osmosis|the Doppler effect|a vaccine|the internet|encryption|a compiler|supply and demand|compound interest|"
        "a jet engine|a refrigerator|GPS|the Big Bang theory|erosion|fermentation|a neural network|the nitrogen cycle|"
        "relativity|an ecosystem|a transistor|the placebo effect|cell division|a lunar eclipse|antibiotics",
    ),
    Family(
        (
            "List 5 tips for {}.",
            "Give me some advice on {}.",
            "What are the best ways of {}?",
            "I need help with {}. Where should I start?",
            "Name three common mistakes people make when {}.",
        ),
        "saving money|learning a new language|sleeping better|public speaking|job interviews|staying healthy|"
        "studying for exams|growing tomatoes|making new friends|reducing stress|losing weight|writing a good essay|"
        "managing time|training a puppy|packing for a long trip|working from home|improving memory|"
        "buying a used car|starting a small business|taking better photos|running a marathon|eating less sugar|"
        "learning to play the guitar|moving to a new city|keeping houseplants alive|cooking on a budget|"
        "reading more books|raising a teenager|negotiating a salary|organizing a small kitchen|"
        "hiking in the mountains|staying motivated|hosting a dinner party|learning to swim|giving feedback",
    ),
    Family(
        (
            "Write a short story about {}.",
            "Write a poem about {}.",
            "Write a haiku about {}.",
            "Tell me a bedtime story about {}.",
            "Write the opening paragraph of a novel about {}.",
            "Describe {} in three sentences.",
        ),
        "a lonely robot|a lighthouse keeper|the first snow of winter|a lost dog|an old clockmaker|the ocean at night|"
        "a girl who can talk to birds|a dragon who is afraid of fire|autumn leaves|a city under the sea|"
        "a magic pencil|two rival bakers|the last train home|a forgotten garden|a cat who becomes a detective|"
        "a boy and his kite|the moon|a time traveler in ancient Rome|a quiet library|a storm at sea|"
        "an astronaut stranded on Mars|a grandmother's kitchen|a haunted piano|spring in the countryside|"
        "a wolf raised by sheep|a village without music|a small boat|friendship",
    ),
    Family(
        ("Compare {}.", "What is the difference between {}?", "Which is better, and why: {}?"),
        "cats and dogs|tea and coffee|Python and JavaScript|a virus and a bacterium|weather and climate|"
        "living in a city and living in the country|renting and buying a home|mitosis and meiosis|"
        "a democracy and a monarchy|fission and fusion|running and swimming|a crocodile and an alligator|"
        "electric cars and petrol cars|books and movies|a list and a tuple in Python|fruits and vegetables|"
        "speed and velocity|RAM and a hard disk|butter and margarine|online classes and classroom teaching|"
        "a comet and an asteroid|a simile and a metaphor|stocks and bonds|summer and winter|"
        "HTTP and HTTPS|empathy and sympathy|a recipe with baking soda and one with baking powder|trains and planes",
    ),
    Family(
        (
            "Who was {}?",
            "What is {} known for?",
            "Write a short biography of {}.",
            "Tell me two interesting facts about {}.",
        ),
        "Albert Einstein|Marie Curie|Isaac Newton|Leonardo da Vinci|William Shakespeare|Cleopatra|Nelson Mandela|"
        "Mahatma Gandhi|Charles Darwin|Ada Lovelace|Alan Turing|Vincent van Gogh|Ludwig van Beethoven|"
        "Amelia Earhart|Abraham Lincoln|Galileo Galilei|Jane Austen|Julius Caesar|Martin Luther King Jr.|"
        "Nikola Tesla|Florence Nightingale|Aristotle|Napoleon Bonaparte|Frida Kahlo|Mozart|Rosa Parks|Confucius|Homer",
    ),
    Family(
        (
            "What caused {}?",
            "When did {} happen, and why does it matter?",
            "Summarize {} in a few sentences.",
        ),
        "World War I|the French Revolution|the fall of the Roman Empire|the Great Depression|the Industrial Revolution|"
        "the American Civil War|the Renaissance|the Cold War|the moon landing|the Black Death|the Space Race|"
        "the Boston Tea Party|the fall of the Berlin Wall|the Gold Rush|the discovery of penicillin|"
        "the building of the Panama Canal|the Great Fire of London|the signing of the Magna Carta|"
        "the invention of the printing press|the sinking of the Titanic|the Silk Road trade",
    ),
    Family(
        (
            "How do I make {}?",
            "Give me a simple recipe for {}.",
            "What ingredients do I need for {}?",
            "What goes well with {}?",
        ),
        "pancakes|tomato soup|fried rice|a Greek salad|chocolate chip cookies|guacamole|mashed potatoes|an omelette|"
        "banana bread|spaghetti carbonara|lemonade|a fruit smoothie|vegetable curry|homemade pizza|french toast|"
        "chicken noodle soup|hummus|apple pie|roast vegetables|a grilled cheese sandwich|iced tea|sushi rolls|chili",
    ),
    Family(
        (
            "What should I see in {}?",
            "Plan a two day trip to {}.",
            "What is the capital of {}, and what is it like?",
            "Tell me about the food of {}.",
            "Describe the geography of {} briefly.",
        ),
        "Japan|Italy|France|Egypt|Brazil|Canada|Kenya|Australia|India|Mexico|Norway|Greece|Thailand|Peru|Spain|"
        "Morocco|Turkey|Iceland|South Korea|Germany|Vietnam|Argentina|New Zealand|Portugal|Ireland|Poland|Chile|Cuba",
    ),
    Family(
        (
            "Write a Python function that {}.",
            "Show me Python code that {}.",
            "In Python, write a one-liner that {}.",
            "Write a JavaScript function that {}.",
        ),
        "reverses a string|adds two numbers|checks whether a number is even|finds the largest number in a list|"
        "counts the vowels in a string|computes the factorial of a number|checks whether a string is a palindrome|"
        "prints the numbers from 1 to 10|removes duplicates from a list|converts Celsius to Fahrenheit|"
        "sorts a list of words by length|sums the digits of a number|merges two dictionaries|reads a text file|"
        "returns the square of a number|finds the average of a list|prints a multiplication table|"
        "counts the words in a sentence|finds the shortest word in a list|swaps two variables|says hello to a name",
    ),
    Family(
        (
            "What does '{}' mean?",
            "Define the word '{}'.",
            "Use the word '{}' in a sentence.",
            "Give me three synonyms for '{}'.",
        ),
        "resilient|ambiguous|serendipity|candid|meticulous|benevolent|ephemeral|pragmatic|eloquent|reluctant|frugal|"
        "nostalgia|arrogant|diligent|obsolete|vivid|inevitable|generous|skeptical|humble|tedious|curious|tranquil|"
        "notorious|abundant|fragile|sincere|brisk",
    ),
    Family(
        (
            "Write a short email to {}.",
            "Write a polite message to {}.",
            "Help me write a note to {}.",
        ),
        "my boss asking for a day off|a friend inviting her to my birthday|a teacher asking about homework|"
        "a landlord about a broken heater|a customer apologizing for a late delivery|"
        "a colleague thanking him for his help|a company asking about a job opening|"
        "my team about the meeting on Monday|a hotel to change my booking|my neighbor about the loud music|"
        "a professor asking for a recommendation letter|my grandmother thanking her for the gift|"
        "a client to confirm an appointment|the school because my son is ill|a library about a lost book",
    ),
    Family(
        (
            "Rewrite this sentence to be more formal: {}",
            "Correct the grammar of this sentence: {}",
            "Rewrite the following in your own words: {}",
            "Make this sentence shorter: {}",
        ),
        "she don't like the movies they shows there.|I wanna know if you guys can fix it asap.|"
        "Him and me was going to the store yesterday.|The report, which was written by me, is being sent by me to you.|"
        "We ain't got no time for that.|Its a beautiful day and the birds is singing.|"
        "In my opinion I think that the plan is maybe not so good.|He buyed three apple at the market.|"
        "The meeting got pushed back cause the boss was late.|There is many reasons why the people likes this city.|"
        "Your the best friend I have ever had in my whole entire life.|They was very tired after they runned home.|"
        "Thanks a bunch for helping me out with that thing.|I has been working here since three years.",
    ),
    Family(
        (
            "Summarize this in one sentence: {}",
            "What is the main idea of this text? {}",
            "Give this text a title: {}",
        ),
        "Bees visit flowers to collect nectar. While they do so, pollen sticks to their bodies and is carried to other "
        "flowers, which lets the plants make seeds. Without bees, many fruits would be rare.|"
        "The town built a new bridge last year. Traffic in the center fell by a third, and shop owners say that more "
        "people now come on foot.|Walking for thirty minutes a day strengthens the heart, improves mood and helps "
        "people sleep. It needs no equipment and costs nothing.|Maria worked two jobs while she studied at night. "
        "After six years she became a nurse, and now she teaches others.|The library will close at noon on Saturdays "
        "during July and August. Books can be returned at any time in the box beside the door.|"
        "Glaciers store most of the fresh water on Earth. As the climate warms they melt faster, and the sea rises.|"
        "Our company grew by ten percent this year. Most of the growth came from Asia, while sales in Europe were flat.|"
        "Coffee was first grown in Ethiopia. Traders brought it to Arabia, and from there it spread to Europe.|"
        "The old mill burned down in 1912. It was rebuilt by the families of the valley within a single summer.",
    ),
    Family(
        (
            "Why do {}?",
            "Is it true that {}?",
            "I heard that {}. Can you explain the reason?",
        ),
        "leaves change color in autumn|cats purr|people dream|birds migrate in winter|stars twinkle|"
        "onions make us cry|ships float|we need sleep|the seasons change|volcanoes erupt|dogs wag their tails|"
        "people yawn|magnets attract iron|airplanes fly|bees make honey|metals conduct electricity|"
        "people get gray hair|oceans have tides|prices rise over time|soap bubbles have colors|cakes rise in the oven|"
        "languages change|rivers bend|muscles hurt after exercise|plants need light",
    ),
    Family(
        (
            "What do you think about {}?",
            "What are the pros and cons of {}?",
            "Give one argument for and one against {}.",
        ),
        "remote work|social media|school uniforms|electric scooters|space travel|homework|video games|"
        "artificial intelligence|fast food|nuclear power|a four day work week|zoos|online shopping|public transport|"
        "learning cursive writing|tourism|self-driving cars|a vegetarian diet|genetically modified food|daily exercise|"
        "keeping a diary|owning a pet|paper books|universal basic income|early retirement",
    ),
    Family(
        (
            "Name five {}.",
            "Can you give me a list of {}?",
            "What are some {}?",
        ),
        "animals that live in Africa|healthy breakfast ideas|famous painters|board games for families|"
        "planets and their moons|musical instruments|books every student should read|classic movies|indoor hobbies|"
        "team building activities|gifts for a ten year old|vegetables that grow in winter|inventions of the 20th century|"
        "rivers in Europe|questions to ask in an interview|names for a cat|kinds of clouds|jobs in a hospital|"
        "things to do on a rainy day|dishes from India|ways to save water|languages spoken in Asia|"
        "good habits for students|renewable energy sources|slogans for a bakery|team names for a quiz night",
    ),
    Family(
        (
            "I feel {}. What can I do?",
            "My friend is {}. How can I help?",
        ),
        "stressed about work|lonely|nervous before an exam|sad after a breakup|bored on weekends|tired all the time|"
        "angry at a colleague|homesick|afraid of flying|overwhelmed by housework|shy in groups|worried about money|"
        "unmotivated to study|jealous of a sibling|confused about the future|guilty about a mistake",
    ),
)

NUMBER_TEMPLATES = (
    "Tom has {a} apples and buys {b} more. How many apples does he have?",
    "A book costs ${a} and a pen costs ${b}. How much do both cost together?",
    "Anna had {c} stickers and gave {b} to her brother. How many are left?",
    "A train travels {a} km every hour. How far does it travel in {d} hours?",
    "There are {d} boxes with {b} pencils in each. How many pencils are there?",
    "A farmer has {a} cows and {b} sheep. How many animals does he have in total?",
    "Sam reads {b} pages a day. How many pages does he read in {d} days?",
    "What is {a} plus {b}?",
    "What is {a} times {d}?",
    "What is {d} percent of {c}00?",
)

SINGLE_QUESTIONS = """\
What is the capital of France?
How many continents are there?
What is the largest planet in our solar system?
Who wrote Romeo and Juliet?
What is the boiling point of water?
How many days are in a leap year?
What is the tallest mountain in the world?
What language is spoken in Brazil?
Why is the sky blue?
What is the speed of light?
What is the chemical symbol for gold?
How many bones are in the human body?
What is the longest river in the world?
Who painted the Mona Lisa?
What do plants need to grow?
Which ocean is the biggest?
What is the freezing point of water in Fahrenheit?
How many minutes are in a day?
Who invented the telephone?
What is the smallest country in the world?
Tell me a joke.
Tell me a fun fact.
Tell me something interesting about space.
Can you recommend a good book?
What should I cook for dinner tonight?
What is a good present for my mother?
Give me an idea for a weekend trip.
I can't decide between two jobs. How should I choose?
What makes a good friend?
How do I become a better listener?
What is happiness?
What is the meaning of life?
How can I be more confident?
Should I learn piano or violin?
How do I remove a coffee stain from a shirt?
How do I tie a tie?
How do I change a flat tire?
How can I tell if an egg is still good?
How long should I boil an egg?
How do I write a resume?
How do I learn to code?
What is a good first programming language?
What is an algorithm?
What is the difference between a for loop and a while loop?
What does HTML stand for?
How do I create a folder in Linux?
What is a variable in programming?
Explain recursion with an example.
How do I fix an IndexError in Python?
Write a SQL query that selects all users older than 30.
Write a simple HTML page with a heading.
Write a bash command that lists all files in a folder.
Convert 10 miles to kilometers.
Convert 100 degrees Fahrenheit to Celsius.
What is the area of a circle with radius 3?
What is the square root of 144?
Solve for x: 2x + 3 = 11.
What are the first five prime numbers?
Put these words in alphabetical order: pear, apple, mango, banana.
Which word does not belong: dog, cat, chair, horse?
Complete the sentence: The early bird ...
What is the opposite of 'ancient'?
Translate 'good morning' into Spanish.
Translate 'thank you very much' into French.
How do you say 'where is the station' in German?
What rhymes with 'blue'?
Give me a riddle.
Write a slogan for a coffee shop.
Write a tagline for a running shoe.
Come up with a name for a space themed restaurant.
Write a product description for a wooden desk lamp.
Write a two line dialogue between a pirate and a parrot.
Pretend you are a tour guide in Rome and greet your group.
You are a teacher. Explain why reading matters.
Act as a chef and suggest a three course meal.
Write a tweet about the first day of spring.
Write a thank-you speech for winning an award.
Write a limerick about a frog.
Write a short dialogue between the sun and the moon.
Write a letter to my future self.
Describe the taste of chocolate.
Describe a sunset to someone who cannot see.
What happens if I eat too much sugar?
How much water should I drink each day?
What are the symptoms of a cold?
How do I treat a small burn?
Is coffee bad for you?
How many hours should an adult sleep?
What are good sources of protein?
What exercises can I do at home?
How do I stretch before running?
How do I calm down quickly?
Who was the first person on the moon?
When did World War II end?
What was the Cold War?
Who built the pyramids?
What is the oldest city in the world?
What is democracy?
How does a bill become a law in the United States?
What does a central bank do?
What is a mortgage?
How do taxes work?
What is the difference between a debit card and a credit card?
How do I make a monthly budget?
What is a good way to invest a small amount of money?
How do airplanes stay in the air?
How do fish breathe?
How do spiders make webs?
Why do cats always land on their feet?
What do pandas eat?
How long do elephants live?
Which animal is the fastest?
What is the largest animal on Earth?
How are mountains formed?
What is lightning?
What is the sun made of?
How far away is the moon?
What is a galaxy?
Could people live on Mars?
hi, can you help me with my homework?
i want to learn about computers
whats the best way to learn math
help me plan my day
I'm bored, any ideas?
give me 3 ideas for a science project
explain what an API is pls
what should i do this weekend
"""


def _number_questions(rng: random.Random, split: Split) -> list[str]:
    """Word problems; odd first numbers are held out."""
    questions = []
    for template in NUMBER_TEMPLATES:
        for _ in range(12):
            a = rng.randrange(4, 90, 2) + (split == "heldout")
            values = {"a": a, "b": rng.randrange(4, 40, 2) + (split == "heldout"), "d": rng.randint(2, 9)}
            questions.append(template.format(**values, c=values["b"] + rng.randrange(2, 40, 2)))
    return questions


def questions(rng: random.Random, split: Split) -> Iterator[str]:
    """Distinct questions of `split` in random order until all are used, families evenly mixed.

    Topics and single questions of "heldout" never occur in "train".
    """
    pools = [family.questions(split) for family in FAMILIES]
    pools.append(_of_split(SINGLE_QUESTIONS.splitlines(), split))
    pools.append(_number_questions(rng, split))
    for pool in pools:
        rng.shuffle(pool)
    seen: set[str] = set()
    while pools:
        rng.shuffle(pools)
        for pool in pools:
            question = _capitalised(pool.pop())
            if question not in seen:
                seen.add(question)
                yield question
        pools = [pool for pool in pools if pool]


def _capitalised(question: str) -> str:
    """Typed the way people type: upper case first, except where the template begins in lower case on purpose."""
    return question if question[:2].islower() and not question.startswith("a ") else question[0].upper() + question[1:]
