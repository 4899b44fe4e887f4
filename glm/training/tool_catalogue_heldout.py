"""Tools that training never shows: their domains, names and parameters are only for evaluation. A table."""

from __future__ import annotations

from collections.abc import Sequence

from glm.training.tool_intents import Intent, parse

_CATALOGUE = """
# garden
water_garden,sprinkle_bed | Water a garden bed for some time | 给花坛浇水
- bed_number,plot : int(1,90) : Number of the bed : 花坛编号
- liters,water_liters : int(1,80) : Water in liters : 水量（升）
E ~water bed {1} with {2} liters;~give bed {1} {2} liters of water
Z ~给{1}号花坛浇{2}升水;{1}号花坛需要{2}升水，浇一下。
A Bed {1} got {2} liters.
B {1}号花坛已浇{2}升水。
plant_care,plant_guide | Care advice for a plant | 查询植物养护方法
- plant,species : name : Plant : 植物
E How do I care for {1}?;~find care advice for the plant {1}
Z {1}怎么养？;~查植物{1}的养护方法
O water_every_days=int(1,30)
A Water {1} every {water_every_days} days.
B {1}每{water_every_days}天浇一次水。
# astronomy
moon_phase,phase_of_moon | Phase of the moon on a date | 查询某日月相
- night,observation_date : date : Night to look at : 观测日期
E What is the phase of the moon on {1}?;~look up the moon phase for {1}
Z {1}的月相是什么？;~查{1}的月相
O phase=enum(full=满月,new=新月,half=半月)
A The moon is {phase} on {1}.
B {1}是{phase}。
planet_position,find_planet | Where a planet stands in the sky | 查询行星位置
- planet,celestial_body : enum(mars=火星,venus=金星,saturn=土星,mercury=水星) : Planet : 行星
- observatory,seen_from : city : Place of the observer : 观测地
E Where is {1} in the sky above {2}?;~find {1} as seen from {2}
Z 在{2}能看到{1}在哪里？;~查{2}看{1}的位置
O altitude=num(1,89,1)
A {1} stands {altitude} degrees above the horizon of {2}.
B {1}在{2}的高度角为{altitude}度。
iss_pass,station_flyover | Next pass of the space station | 空间站过境时间
- viewer_city,ground_site : city : Where the viewer is : 观测城市
E When does the space station pass over {1}?;~find the next pass of the space station for {1}
Z 空间站什么时候经过{1}？;~查空间站下次过境{1}的时间
O pass_time=time
A It passes over {1} at {pass_time}.
B {pass_time}经过{1}。
# chess
chess_move,play_chess_move | Make a move in a chess game | 在棋局中走一步
- game_code,board_id : code : Game : 棋局编号
- move_notation,san : code : Move : 走法
E ~play {2} in chess game {1};In game {1} I move {2}.
Z ~在棋局{1}中走{2};棋局{1}我走{2}。
O reply_move=code
A You played {2}; the reply is {reply_move}.
B 您走了{2}，对方走{reply_move}。
chess_rating,elo_lookup | Rating of a chess player | 查询棋手等级分
- grandmaster,chess_player : person : Player : 棋手
E What is the chess rating of {1}?;~look up {1}'s chess rating
Z {1}的国际象棋等级分是多少？;~查棋手{1}的等级分
O elo=int(900,2800)
A {1} has a rating of {elo}.
B {1}的等级分是{elo}。
# bees
inspect_hive,hive_report | Report on a bee hive | 查询蜂箱情况
- hive_id,hive : code : Hive : 蜂箱编号
E How is hive {1}?;~get the report on bee hive {1}
Z 蜂箱{1}怎么样？;~查蜂箱{1}的情况
O honey_kg=num(1,60,1)
A Hive {1} has {honey_kg} kg of honey.
B 蜂箱{1}有{honey_kg}公斤蜂蜜。
# sewing
fabric_needed,cloth_calculator | Cloth needed for a garment | 计算所需布料
- garment,clothing : enum(shirt=衬衫,skirt=裙子,coat=大衣,dress=连衣裙) : Garment : 服装
- garment_size,fit : enum(small=小号,medium=中号,large=大号) : Size of the garment : 服装尺码
E How much cloth does a {2} {1} need?;~calculate the fabric for a {2} {1}
Z 做一件{2}{1}要多少布？;~计算{2}{1}的用布量
O cloth_meters=num(1,5,1)
A You need {cloth_meters} m of cloth.
B 需要{cloth_meters}米布。
knit_pattern,stitch_counter | Stitches for a knitted width | 计算编织针数
- knit_width,cloth_cm : int(5,200) : Width in cm : 宽度（厘米）
- gauge,stitches_per_cm : num(1,5,1) : Stitches per cm : 每厘米针数
E How many stitches for {1} cm at {2} stitches per cm?;~count the stitches for {1} cm with a gauge of {2}
Z 宽{1}厘米，每厘米{2}针，要多少针？;~计算{1}厘米、密度{2}的针数
O stitches=int(10,900)
A You need {stitches} stitches.
B 需要{stitches}针。
# museum
museum_exhibit,exhibit_details | Details of an exhibit | 查询展品信息
- exhibit,artifact : title : Exhibit : 展品
E Tell me about the exhibit {1}.;~get details on the museum piece {1}
Z 展品“{1}”有什么来历？;~查展品“{1}”的信息
O made_in=int(200,1950)
A {1} was made in {made_in}.
B “{1}”制作于{made_in}年。
museum_tickets,buy_museum_tickets | Buy museum tickets | 购买博物馆门票
- museum,gallery : title : Museum : 博物馆
- adults,grown_ups : int(1,9) : Adults : 成人数
-? children,kids : int(1,9) : Children : 儿童数
E ~buy {2} adult tickets for the museum {1};~get {2} adult and {3} child tickets for the museum {1}
Z ~买{2}张{1}博物馆成人票;~买{1}博物馆{2}张成人票、{3}张儿童票
O ticket_code=code
A Your tickets for {1} have the code {ticket_code}.
B {1}的门票码是{ticket_code}。
# law
find_law,statute_search | Find a section of a law | 查找法律条文
- statute,act : title : Law : 法律名称
- section,paragraph : int(1,900) : Section : 条款
E What does section {2} of {1} say?;~find section {2} of the law {1}
Z 《{1}》第{2}条说什么？;~查《{1}》第{2}条
O wording=text
A Section {2} says: {wording}
B 第{2}条：{wording}
register_patent,patent_filing | File a patent | 申请专利
- invention,patent_title : title : Invention : 发明名称
- inventor,filed_by : person : Inventor : 发明人
E ~file a patent on {1} for {2};~register the invention {1} by {2}
Z ~为{2}的发明“{1}”申请专利;~登记{2}的专利“{1}”
O patent_number=code
A The patent {patent_number} is filed.
B 专利{patent_number}已提交。
# aquarium
feed_fish,fish_feeder | Feed the fish in a tank | 喂鱼
- tank,aquarium : int(1,60) : Tank : 鱼缸编号
- feed_grams,portion_g : num(0.5,20,1) : Food in grams : 饲料克数
E ~feed the fish in tank {1} with {2} grams;~give tank {1} {2} grams of fish food
Z ~给{1}号鱼缸喂{2}克饲料;~喂{1}号鱼缸的鱼，{2}克
A Tank {1} got {2} grams.
B {1}号鱼缸已喂{2}克。
# boats
charter_boat,hire_yacht | Charter a boat | 租船
- marina,mooring : name : Marina : 码头
- crew_size,sailors : int(1,15) : People on board : 船上人数
- sail_date,voyage_start : date : Day of the trip : 出航日期
E ~charter a boat at {1} for {2} people on {3};We are {2} and want a boat at {1} on {3}.
Z ~在{1}码头租一艘{3}用的{2}人船;我们{2}个人{3}想在{1}租船。
O vessel=title
A The boat {vessel} is yours on {3}.
B {3}的船是“{vessel}”。
# theatre
theatre_seats,reserve_seat | Reserve theatre seats | 预订剧院座位
- play,stage_play : title : Play : 剧目
- row,seat_row : int(1,40) : Row : 排
- seats,seat_count : int(1,9) : Seats : 座位数
E ~reserve {3} seats in row {2} for the play {1};I want {3} seats for {1}, row {2}.
Z ~订{3}个《{1}》第{2}排的座位;我要《{1}》第{2}排{3}个座。
A {3} seats in row {2} are yours.
B 已订第{2}排{3}个座位。
# cars
tire_pressure,check_tyres | Tyre pressure of a car | 查询胎压
- plate,license_plate : code : Plate of the car : 车牌
E What is the tyre pressure of the car {1}?;~check the tyres of {1}
Z 车牌{1}的胎压是多少？;~查{1}的轮胎气压
O bar=num(1,4,1)
A The tyres of {1} have {bar} bar.
B {1}胎压为{bar}巴。
oil_change,service_car | Book an oil change | 预约换机油
- car_model,automobile : name : Car : 车型
- mileage,odometer : int(1000,200000) : Distance driven in km : 行驶里程
E ~book an oil change for my {1} with {2} km;My {1} has {2} km on it and needs new oil.
Z ~给跑了{2}公里的{1}预约换机油;我的{1}跑了{2}公里，该换机油了。
O workshop=title
A {workshop} will change the oil.
B 由“{workshop}”换机油。
charge_ev,start_charging | Charge an electric car | 给电动车充电
- charger_id,charging_point : code : Charging point : 充电桩
- charge_to,battery_target : int(20,99) : Charge level to reach in percent : 目标电量百分比
E ~charge my car at {1} up to {2}%;~start charging at point {1} to {2} percent
Z ~在{1}充电桩充到{2}%;~用充电桩{1}把车充到{2}%
O finished_in=int(5,200)
A The car reaches {2}% in {finished_in} minutes.
B {finished_in}分钟后充到{2}%。
# pets
vaccinate_pet,pet_vaccine | Record a pet's vaccination | 登记宠物疫苗
- pet,pet_name : name : Pet : 宠物名
- vaccine,shot : enum(rabies=狂犬,distemper=犬瘟,parvo=细小) : Vaccine : 疫苗
E ~record a {2} vaccination for {1};My pet {1} got the {2} vaccine. Save it.
Z ~登记{1}的{2}疫苗;我家{1}打了{2}疫苗，记一下。
A The {2} vaccination of {1} is recorded.
B 已登记{1}的{2}疫苗。
adopt_animal,shelter_search | Find animals in a shelter | 查找可领养动物
- animal,creature : enum(dog=狗,cat=猫,rabbit=兔子,parrot=鹦鹉) : Animal : 动物
- shelter_city,shelter : city : City of the shelter : 收容所城市
E Which {1} can I adopt in {2}?;~find a {1} to adopt in {2}
Z {2}有可以领养的{1}吗？;~找{2}可领养的{1}
O animal_name=name
A You could adopt {animal_name}.
B 可以领养{animal_name}。
# wine
pair_wine,wine_pairing | Wine that goes with a dish | 搭配葡萄酒
- main_course,served_with : food : Dish : 菜品
- wine_color,grape_color : enum(red=红,white=白,rose=桃红) : Color of the wine : 酒的颜色
E Which {2} wine goes with {1}?;~suggest a {2} wine for {1}
Z {1}配什么{2}葡萄酒？;~推荐配{1}的{2}葡萄酒
O wine=title
A {wine} goes with {1}.
B {1}可配“{wine}”。
# ski
snow_depth,ski_report | Snow in a ski resort | 查询滑雪场雪深
- resort,ski_area : name : Resort : 滑雪场
E How much snow is there in {1}?;~get the ski report for {1}
Z {1}滑雪场雪有多深？;~查{1}滑雪场的雪况
O snow_cm=int(1,300)
A {1} has {snow_cm} cm of snow.
B {1}雪深{snow_cm}厘米。
# camping
camp_site,book_campsite | Book a camp site | 预订露营地
- campground,camp : name : Camp ground : 营地
- tents,tent_count : int(1,9) : Tents : 帐篷数
- electricity,power_hookup : bool(with electricity=要电源,without electricity=不要电源) : Whether power is needed : 是否需要电源
E ~book a site at {1} for {2} tents {3};We need room for {2} tents at {1} {3}.
Z ~订{1}营地{2}顶帐篷的位置，{3};我们要在{1}搭{2}顶帐篷，{3}。
O pitch=code
A Your pitch is {pitch}.
B 营位是{pitch}。
# drones
fly_drone,launch_drone | Fly a drone to a height | 控制无人机飞行
- altitude_m,flight_height : int(2,400) : Height in meters : 高度（米）
- heading,compass_direction : enum(north=北,south=南,east=东,west=西) : Direction : 方向
E ~fly the drone {2} at {1} meters;~send the drone up to {1} meters heading {2}
Z ~让无人机在{1}米高度向{2}飞;~把无人机升到{1}米，往{2}飞
A The drone flies {2} at {1} m.
B 无人机正在{1}米高度向{2}飞。
# printing
print_3d,start_3d_print | Start a 3D print | 开始 3D 打印
- stl_model,mesh : file : Model file : 模型文件
- filament,plastic : enum(pla=PLA,abs=ABS,petg=PETG) : Plastic : 材料
- infill,fill_percent : int(5,99) : Infill in percent : 填充率
E ~print {1} in 3D with {2} and {3}% infill;~start a 3D print of {1}, {2}, infill {3}
Z ~用{2}3D打印{1}，填充{3}%;~3D打印{1}，材料{2}，填充率{3}%
O print_hours=num(1,40,1)
A The 3D print takes {print_hours} hours.
B 打印需要{print_hours}小时。
# family
family_tree,find_ancestors | Ancestors of a person | 查询祖先
- relative,descendant : person : Person : 人物
- generations,depth : int(1,12) : Generations to go back : 代数
E Who were the ancestors of {1}, {2} generations back?;~trace the family of {1} for {2} generations
Z {1}往上{2}代的祖先是谁？;~查{1}{2}代的家谱
O ancestor=person
A The ancestor is {ancestor}.
B 祖先是{ancestor}。
wedding_budget,plan_wedding | Plan the cost of a wedding | 计算婚礼预算
- bride_and_groom,couple : list(person) : The couple : 新人
- wedding_guests,invited : int(10,400) : Guests invited : 宾客人数
E ~plan the wedding of {1} with {2} guests;What will the wedding of {1} cost for {2} guests?
Z ~做{1}的婚礼预算，宾客{2}人;{1}请{2}位宾客的婚礼要花多少？
O wedding_cost=int(1000,90000)
A The wedding costs about {wedding_cost}.
B 婚礼大约需要{wedding_cost}元。
# votes
poll_results,election_results | Results of a vote | 查询投票结果
- ballot,election : title : Vote : 投票名称
-? constituency,district : name : District : 选区
E Who won the vote {1}?;~get the results of the election {1} in district {2}
Z 投票“{1}”谁赢了？;~查“{1}”在{2}选区的结果
O winner=person
A {winner} won.
B {winner}获胜。
# charity
donate_charity,give_donation | Donate to a charity | 向慈善机构捐款
- charity,cause : title : Charity : 慈善机构
- donation,gift_amount : int(5,900) : Money to give : 捐款金额
-? anonymous,hide_name : bool(anonymously=匿名,with my name=实名) : Whether to hide the name : 是否匿名
E ~donate {2} to {1};~give {2} to the charity {1} {3}
Z ~给{1}捐{2}元;~{3}向{1}捐款{2}元
O receipt=code
A Thank you; the receipt for {2} is {receipt}.
B 捐款{2}元，收据号{receipt}。
# design
find_font,font_search | Find a font | 查找字体
- typeface_mood,feeling : enum(elegant=优雅,playful=活泼,serious=严肃) : Feeling of the font : 字体气质
- serif,has_serifs : bool(with serifs=有衬线,without serifs=无衬线) : Whether it has serifs : 是否有衬线
E ~find a {1} font {2};I need a {1} font {2}.
Z ~找一个{1}的{2}字体;我要{1}、{2}的字体。
O font=name
A Try the font {font}.
B 试试字体{font}。
emoji_lookup,emoji_code | Code of an emoji | 查询表情代码
- emoji_meaning,expressing : word : What the emoji should express : 表情含义
E Which emoji stands for {1}?;~find an emoji for "{1}"
Z 表示“{1}”的表情是哪个？;~找一个“{1}”的表情
O codepoint=code
A The emoji has the code {codepoint}.
B 表情代码是{codepoint}。
# instruments
play_metronome,metronome | Start a metronome | 启动节拍器
- bpm,beats_per_minute : int(40,220) : Beats a minute : 每分钟拍数
-? meter,time_signature : enum(waltz=华尔兹,march=进行曲) : Rhythm : 节奏
E ~start a metronome at {1} beats per minute;~give me a {2} beat at {1} bpm
Z ~启动每分钟{1}拍的节拍器;~打{2}节奏，每分钟{1}拍
A The metronome ticks at {1} beats per minute.
B 节拍器每分钟{1}拍。
guitar_chord,chord_fingering | Fingering of a guitar chord | 查询吉他和弦指法
- chord,chord_name : enum(C major=C大调,A minor=A小调,G seventh=G七和弦) : Chord : 和弦
- fret,capo_fret : int(0,12) : Fret of the capo : 变调夹品位
E How do I play {1} with the capo on fret {2}?;~show the fingering of {1}, capo at {2}
Z 变调夹在{2}品时{1}怎么按？;~查{1}的指法，变调夹{2}品
O fingering=code
A Play {fingering} for {1}.
B {1}按{fingering}。
# insurance
insurance_quote,premium_estimate | Price of an insurance | 保险报价
- policy_type,cover : enum(travel=旅行险,dental=牙科险,bicycle=自行车险) : What to insure : 险种
- insured_age,holder_age : int(18,90) : Age of the insured person : 被保人年龄
E What does {1} insurance cost for a person aged {2}?;~get a quote for {1} insurance at age {2}
Z {2}岁的人买{1}多少钱？;~给{2}岁的人报{1}的价格
O premium=num(2,300,2)
A The premium is {premium} a month.
B 每月保费{premium}元。
# farm
crop_yield,harvest_estimate | Expected harvest of a field | 估算产量
- crop,grain : enum(wheat=小麦,corn=玉米,rice=水稻,barley=大麦) : Crop : 作物
- hectares,field_size : num(1,400,1) : Size of the field in hectares : 面积（公顷）
E How much {1} will {2} hectares give?;~estimate the {1} harvest of {2} hectares
Z {2}公顷{1}能收多少？;~估算{2}公顷{1}的产量
O tonnes=num(1,900,1)
A Expect {tonnes} tonnes of {1}.
B 预计{1}产量{tonnes}吨。
milk_cows,milking_log | Record milk of a cow | 记录产奶量
- cow,cow_tag : code : Ear tag of the cow : 奶牛耳标
- milk_liters,milk_yield : num(5,50,1) : Milk in liters : 产奶量（升）
E Cow {1} gave {2} liters, write it down.;~log {2} liters of milk from cow {1}
Z 奶牛{1}产奶{2}升，记一下。;~记录奶牛{1}产奶{2}升
A {2} liters from cow {1} are logged.
B 已记录奶牛{1}产奶{2}升。
# laundry
wash_laundry,laundry_program | Choose a washing program | 选择洗衣程序
- fabric_type,textile : enum(cotton=棉,wool=羊毛,silk=丝绸) : Fabric : 面料
- spin_speed,rpm : int(400,1600) : Spin speed in rpm : 转速
E ~wash {1} with {2} rpm;My laundry is {1}. Spin it at {2} rpm.
Z ~用{2}转洗{1};衣服是{1}的，转速{2}。
A Washing {1} at {2} rpm.
B 正在以{2}转洗{1}。
# puzzles
crossword_hint,solve_crossword | Words that fit a crossword clue | 填字游戏提示
- clue,riddle : word : Clue : 提示
- letters,letter_count : int(3,14) : Letters of the answer : 字母数
E Which word with {2} letters fits the clue {1}?;~solve the crossword clue "{1}", {2} letters
Z 填字提示“{1}”，{2}个字母，是什么词？;~解填字提示“{1}”，{2}个字母
O fits=name
A It could be {fits}.
B 可能是{fits}。
sudoku_puzzle,new_sudoku | Make a sudoku | 生成数独
- clues_given,hints : int(17,40) : Numbers given at the start : 已知数字个数
E ~make a sudoku with {1} clues;~create a sudoku puzzle that has {1} numbers given
Z ~出一个有{1}个提示的数独;~生成已知{1}个数字的数独
O puzzle_id=code
A Your sudoku is {puzzle_id}.
B 数独编号{puzzle_id}。
# archive
archive_photo,tag_photo | Tag a photo with people | 给照片加标签
- photo,snapshot : file : Photo : 照片
- faces,tagged_people : list(person) : People in it : 照片中的人
E ~tag {2} in the photo {1};The photo {1} shows {2}. Tag them.
Z ~在照片{1}里标记{2};照片{1}里有{2}，标一下。
A {2} are tagged in {1}.
B 已在{1}中标记{2}。
blood_donation,donor_slot | Book a slot to give blood | 预约献血
- blood_type,blood_group : enum(O positive=O型,A negative=A型阴性,B positive=B型) : Blood group : 血型
- donation_day,bleed_date : date : Day : 献血日期
E ~book me in to give blood on {2}, I have {1};I have blood group {1} and want to donate blood on {2}.
Z ~预约{2}献血，我是{1};我是{1}，想{2}献血。
O donor_number=code
A See you on {2}, donor number {donor_number}.
B 已预约{2}，编号{donor_number}。
radio_station,tune_radio | Tune the radio | 调收音机
- frequency,mhz : num(87,108,1) : Frequency in MHz : 频率（兆赫）
E ~tune the radio to {1} MHz;~set the radio to {1}
Z ~把收音机调到{1}兆赫;~收听{1}频率
O broadcaster=title
A You hear {broadcaster} on {1}.
B {1}兆赫是“{broadcaster}”。
ferry_crossing,ferry_times | Ferries between two islands | 查询渡轮
- from_island,embark : name : Island of departure : 出发岛
- to_island,disembark : name : Island to reach : 到达岛
-? with_vehicle,bring_car : bool(with a car=带车,on foot=步行) : Whether a car comes along : 是否带车
E When is the ferry from {1} to {2}?;~find a ferry from {1} to {2} {3}
Z 从{1}到{2}的渡轮几点开？;~查{1}到{2}的渡轮，{3}
O sails_at=time
A The ferry to {2} sails at {sails_at}.
B 去{2}的渡轮{sails_at}开。
"""

UNSEEN: Sequence[Intent] = tuple(parse(_CATALOGUE, unseen=True))
"""All tools kept for evaluation."""
