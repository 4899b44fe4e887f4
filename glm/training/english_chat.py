"""English chat: hand-written short dialogues to measure how much plain English a tuning cost.

Each is a list of turns (question, answer). Nothing here is ever trained on.
"""

from __future__ import annotations

ENGLISH_CHAT: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        (
            "What is the capital of Italy?",
            "The capital of Italy is Rome. It is known for the Colosseum and its long history.",
        ),
    ),
    (
        (
            "Why do we have seasons?",
            "The Earth's axis is tilted, so the northern and southern halves receive different amounts of sunlight "
            "during the year. When your half leans towards the sun, you have summer.",
        ),
        (
            "And why is it hot at the equator?",
            "Near the equator the sun stands high in the sky all year, so the ground receives a lot of energy.",
        ),
    ),
    (
        (
            "How do I boil an egg?",
            "Place the egg in boiling water. Wait six minutes for a soft yolk or ten minutes for a firm one, then cool it in cold water.",
        ),
    ),
    (
        (
            "Give me three tips for saving money.",
            "1. Write down what you spend.\n2. Cook at home more often.\n3. Put a fixed amount aside as soon as you are paid.",
        ),
    ),
    (
        (
            "What does the heart do?",
            "The heart is a muscle that pumps blood through the body. The blood carries oxygen and nutrients to every cell.",
        ),
    ),
    (
        (
            "Write a short poem about rain.",
            "The rain taps softly on the pane,\nIt sings its song to field and lane,\nAnd when the clouds have passed us by,\nA rainbow bends across the sky.",
        ),
    ),
    (
        (
            "I have a job interview tomorrow and I am nervous.",
            "That is normal. Read about the company again, prepare two or three questions, and go to bed early.",
        ),
        (
            "What should I wear?",
            "Choose something clean and comfortable that fits the company. If you are not sure, dress a little more formally.",
        ),
    ),
    (
        (
            "Explain what a variable is in programming.",
            "A variable is a name for a value. You can store a number or a text in it, read it later, and change it while the program runs.",
        ),
    ),
    (
        (
            "Write a Python function that doubles a number.",
            "```python\ndef double(number):\n    return number * 2\n```\n\nThe function takes a number and returns twice its value.",
        ),
    ),
    (("Who wrote Hamlet?", "Hamlet was written by William Shakespeare around the year 1600."),),
    (
        (
            "What is photosynthesis?",
            "Photosynthesis is the process by which plants use sunlight, water and carbon dioxide to make sugar. Oxygen is released along the way.",
        ),
    ),
    (
        (
            "My plant has yellow leaves. What is wrong?",
            "Yellow leaves often mean too much water. Let the soil dry before you water again, and make sure that the pot has a hole at the bottom.",
        ),
    ),
    (
        (
            "Compare cats and dogs as pets.",
            "Dogs need daily walks and a lot of attention, but they are loyal and easy to train. Cats are more independent and can stay alone for longer.",
        ),
    ),
    (
        (
            "Tell me a fun fact about octopuses.",
            "An octopus has three hearts and blue blood. Two of the hearts pump blood to the gills, and the third one supplies the rest of the body.",
        ),
    ),
    (
        (
            "What is inflation?",
            "Inflation means that prices rise over time, so the same amount of money buys less than before.",
        ),
        (
            "Is it always bad?",
            "A little inflation is normal in a growing economy. It becomes a problem when prices rise much faster than wages.",
        ),
    ),
    (
        (
            "Write an email asking my boss for Friday off.",
            "Subject: Day off on Friday\n\nDear Ms. Miller,\n\nI would like to take this Friday off for a family matter. My work for the week will be finished by Thursday.\n\nKind regards,\nDaniel",
        ),
    ),
    (("How far away is the moon?", "On average the moon is about 384,000 kilometers away from the Earth."),),
    (
        (
            "Rewrite this sentence politely: Give me the report now.",
            "Could you please send me the report as soon as possible?",
        ),
    ),
    (
        (
            "What is the difference between weather and climate?",
            "Weather is what happens in the air from day to day. Climate is the average of the weather in a place over many years.",
        ),
    ),
    (
        (
            "Suggest a name for a bakery.",
            'How about "Golden Crust"? It sounds warm and makes people think of fresh bread.',
        ),
    ),
    (
        (
            "Write the beginning of a story about a lighthouse.",
            "Every evening, when the last fishing boat had returned, old Marta climbed the ninety steps of the lighthouse. Tonight, for the first time in forty years, the lamp was already burning.",
        ),
    ),
    (
        (
            "How can I remember names better?",
            "Repeat the name aloud when you hear it, connect it with a picture, and use it again when you say goodbye.",
        ),
    ),
    (("What is 15 percent of 200?", "15 percent of 200 is 30, because 200 times 0.15 equals 30."),),
    (
        (
            "Why is the ocean salty?",
            "Rain washes salt out of rocks, and rivers carry it to the sea. Water leaves the ocean as vapor, but the salt stays behind.",
        ),
    ),
    (
        (
            "What should I see in London in one day?",
            "Start at the Tower of London, walk across Tower Bridge, and follow the river to the museums. In the evening you could watch a play in the West End.",
        ),
    ),
    (
        (
            "Can you recommend a hobby?",
            "You could try drawing. All you need is paper and a pencil, and you can see your progress from week to week.",
        ),
        (
            "I am not good at art.",
            "Then how about hiking or baking? Both are easy to start, and you can share them with friends.",
        ),
    ),
    (
        (
            "Define the word 'resilient'.",
            "Someone who is resilient recovers quickly after difficulties. A material can be resilient too: it returns to its shape after being bent.",
        ),
    ),
    (
        (
            "How does a vaccine work?",
            "A vaccine shows the immune system a harmless part of a germ. The body learns to recognize it and can react quickly if the real germ arrives.",
        ),
    ),
    (("Name five fruits.", "Here are five fruits: apples, bananas, grapes, oranges and mangoes."),),
    (
        (
            "I argued with my best friend. What now?",
            "Give it a little time, then talk to your friend calmly. Say what hurt you, listen to the other side, and apologize for your part.",
        ),
    ),
    (
        (
            "What caused World War I?",
            "There were many causes, among them alliances, nationalism and a race for weapons. The murder of Archduke Franz Ferdinand in 1914 set the war in motion.",
        ),
    ),
    (
        (
            "How do I learn a new language?",
            "Practice a little every day. Learn the most common words first, listen to the language, and speak with people as early as you can.",
        ),
    ),
    (
        (
            "Summarize: The town built a park. Children play there, and the shops nearby earn more.",
            "The new park gives children a place to play and helps the shops nearby.",
        ),
    ),
    (
        (
            "What is a black hole?",
            "A black hole is a place in space where gravity is so strong that not even light can escape. Many of them form when very heavy stars collapse.",
        ),
    ),
    (
        (
            "How do I make pancakes?",
            "Mix one cup of flour, one cup of milk, an egg and a pinch of salt. Fry small portions in a buttered pan until both sides are golden.",
        ),
    ),
    (
        (
            "What are the benefits of reading?",
            "Reading widens your vocabulary, improves concentration and helps you understand other people. It is also a good way to relax.",
        ),
    ),
    (
        (
            "Is it safe to eat food after its best-before date?",
            "Often it is, because the date tells how long the quality is guaranteed. Look at the food, smell it, and throw it away if you are in doubt.",
        ),
    ),
    (
        (
            "Explain gravity to a child.",
            "Gravity is an invisible pull. The Earth pulls everything towards its middle, and that is why a ball falls down when you let it go.",
        ),
    ),
    (
        (
            "What is the most spoken language in Brazil?",
            "Most people in Brazil speak Portuguese. The language was brought there by settlers from Portugal.",
        ),
    ),
    (
        (
            "How many hours should I sleep?",
            "Most adults need between seven and nine hours of sleep. Children and teenagers need more.",
        ),
    ),
    (("Thank you for your help!", "You're welcome! If you have another question, just ask."),),
)
