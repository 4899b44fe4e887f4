"""The second half of the catalogue of training tools; see `tool_catalogue`. A table, hence its length."""

MORE = """
# home
turn_on_light,switch_light,light_on,control_light | Turn a light on or off;Switch the light of a room | 开关房间的灯
- room,area,where : room : Room : 房间
- state,power,on_off : enum(on=打开,off=关闭) : On or off : 开或关
E ~turn {2} the lights in the {1};~switch {2} the {1} light;~turn the {1} light {2}
Z ~{2}{1}的灯;~把{1}的灯{2};{1}的灯请{2}
A The light in the {1} is {2}.
B {1}的灯已{2}。
dim_lights,set_brightness,brightness | Set the brightness of a room;Dim the lights | 设置灯光亮度
- room,zone,light : room : Room : 房间
- level,percent,brightness : int(1,99) : Brightness in percent : 亮度百分比
E ~dim the {1} lights to {2}%;~set the brightness in the {1} to {2} percent;~put the {1} light at {2}%
Z ~把{1}的灯调到{2}%;~将{1}亮度设为{2}%;{1}灯光亮度调成{2}%
A The {1} light is at {2}%.
B {1}亮度已调到{2}%。
set_thermostat,set_temperature,heating | Set the temperature of a room;Control the thermostat | 设置房间温度
- temperature,degrees,target_temp : num(15,28,1) : Temperature in °C : 温度（摄氏度）
-? room,zone : room : Room : 房间
E ~set the temperature to {1} degrees;~heat the {2} to {1} degrees;~set the thermostat in the {2} to {1};~make it {1} degrees in the {2}
Z ~把温度调到{1}度;~将{2}温度设为{1}度;~把{2}加热到{1}度
A The temperature is set to {1} °C.
B 温度已设为{1}度。
lock_door,door_lock,secure_door | Lock or unlock a door;Control a door lock | 锁门或开锁
- door,which,door_name : enum(front=前门,back=后门,garage=车库门,side=侧门) : Door : 哪扇门
- action,command : enum(lock=锁上,unlock=打开) : What to do : 操作
E ~{2} the {1} door;~{2} my {1} door;The {1} door: {2} it.
Z ~{2}{1};~把{1}{2};~将{1}{2}一下
A I sent the command to {2} the {1} door.
B {1}已{2}。
play_music,start_music,music_play | Play music;Play songs of a genre or title | 播放音乐
- song,track,title : title : Title of the song : 歌曲名
-? artist,singer,by : person : Artist : 歌手
-? room,speaker,where : room : Room : 房间
E ~play {1};~play {1} by {2};~play the song {1} in the {3};~put on {1} by {2}
Z ~播放{1};~放{2}的{1};~在{3}播放歌曲{1};~来一首{2}的{1}
A Now playing {1}.
B 正在播放{1}。
set_volume,volume,change_volume | Set the volume;Change how loud the speaker is | 设置音量
- level,volume,percent : int(0,100) : Volume from 0 to 100 : 音量 0 到 100
E ~set the volume to {1};~turn the volume to {1} percent;~make the speaker volume {1}
Z ~把音量调到{1};~音量设为{1}%;~将音量改成{1}
A The volume is {1}.
B 音量已调到{1}。
start_vacuum,clean_room,robot_clean | Send the robot vacuum to a room;Clean a room | 让扫地机器人打扫房间
- room,area,target : room : Room to clean : 要打扫的房间
-? mode,power_mode : enum(quiet=安静,normal=普通,strong=强力) : Cleaning mode : 打扫模式
E ~vacuum the {1};~clean the {1} in {2} mode;~send the robot to the {1};~clean the {1}
Z ~打扫{1};~用{2}模式清扫{1};~让机器人去扫{1};~清洁{1}
A The robot is cleaning the {1}.
B 正在打扫{1}。
set_blinds,move_blinds,shutters | Open or close blinds;Move the window blinds | 控制窗帘
- room,window,place : room : Room : 房间
- position,percent_open,openness : int(0,100) : How far open, percent : 打开百分比
E ~open the {1} blinds to {2}%;~set the blinds in the {1} to {2} percent;~move the {1} blinds to {2}%
Z ~把{1}的窗帘开到{2}%;~将{1}窗帘设为{2}%;{1}窗帘打开{2}%
A The {1} blinds are at {2}%.
B {1}窗帘已开到{2}%。
read_sensor,get_sensor,sensor_value | Read a sensor;Get a sensor's value | 读取传感器
- sensor_id,sensor,device : code : Id of the sensor : 传感器编号
E What does sensor {1} show?;~read sensor {1};~get the value of the sensor {1}
Z 传感器{1}的读数是多少？;~读取传感器{1};~查看{1}号传感器的数值
O value=num(1,300,1)
A Sensor {1} shows {value}.
B 传感器{1}读数为{value}。
camera_snapshot,take_picture | Take a picture with a camera;Camera snapshot | 摄像头拍照
- camera,camera_id,device_id : room : Camera : 摄像头位置
E ~take a picture with the {1} camera;~show a snapshot of the {1};What does the {1} camera see?
Z ~用{1}摄像头拍一张;~给我看{1}的画面;{1}的摄像头现在拍到什么？
O file=file
A The picture is {file}.
B 照片是{file}。
# travel
search_flights,find_flights,flight_search | Search flights between two cities;Find flights | 查询两地之间的航班
- origin,from_city,departure : city : City of departure : 出发城市
- destination,to_city,arrival : city : City of arrival : 到达城市
- date,travel_date,day : date : Date : 日期
-? cabin,travel_class : enum(economy=经济舱,business=商务舱,first=头等舱) : Class : 舱位
E ~find flights from {1} to {2} on {3};Are there flights from {1} to {2} on {3}?;~search {4} class flights from {1} to {2} on {3};~look for a flight to {2} from {1}, {3}
Z ~查{3}从{1}到{2}的航班;{3}有从{1}飞{2}的航班吗？;~找{3}{1}到{2}的{4}机票;~搜索{1}飞往{2}的航班，{3}出发
O flight=code departure=time price=int(60,2400)
A Flight {flight} leaves {1} at {departure} and costs {price}.
B 航班{flight}，{departure}起飞，票价{price}元。
flight_status,track_flight,get_flight | Status of a flight;Track a flight | 查询航班状态
- flight_number,flight,number : code : Flight number : 航班号
E Is flight {1} on time?;~check the status of flight {1};Where is flight {1}?
Z 航班{1}准点吗？;~查航班{1}的状态;{1}次航班到哪了？
O status=enum(on_time=准点,delayed=延误,boarding=登机中,landed=已降落) gate=code
A Flight {1} is {status}, gate {gate}.
B 航班{1}{status}，登机口{gate}。
book_hotel,reserve_hotel,hotel_booking | Book a hotel room;Reserve a room in a hotel | 预订酒店
- city,location,town : city : City : 城市
- check_in,arrival_date,from_date : date : First night : 入住日期
- nights,num_nights,stay : int(1,14) : Number of nights : 晚数
-? breakfast,with_breakfast,include_breakfast : bool(with breakfast=含早餐,without breakfast=不含早餐) : Whether breakfast is included : 是否含早餐
E ~book a hotel in {1} from {2} for {3} nights;~reserve a room in {1} on {2}, {3} nights, {4};~book me into a hotel in {1} for {3} nights from {2}, {4};~book {3} nights in {1} from {2}
Z ~订{1}{2}入住、{3}晚的酒店;~在{1}预订酒店，{2}入住，住{3}晚，{4};~订一间{1}的房，{2}起{3}晚，{4}
O hotel=title price=int(40,900)
A The hotel {hotel} in {1} is booked for {price} in total.
B 已预订{1}的{hotel}，共{price}元。
find_hotels,search_hotels,hotel_search | Find hotels in a city;Search for hotels by price | 搜索酒店
- city,where,destination : city : City : 城市
- max_price,budget,price_limit : int(40,600) : Highest price a night : 每晚最高价格
-? stars,rating,min_stars : int(2,5) : Stars : 星级
E ~find hotels in {1} under {2} a night;~show {3} star hotels in {1} below {2};Which hotels in {1} cost less than {2}?;~find a {3} star hotel in {1} for at most {2}
Z ~找{1}每晚{2}元以下的酒店;{1}{2}元以内的{3}星酒店有哪些？;~搜{1}不超过{2}元的酒店
O hotel=title price=int(30,500)
A {hotel} in {1} costs {price} a night.
B {1}的{hotel}每晚{price}元。
find_trains,train_times,train_search | Find trains between two places;Train timetable | 查询火车时刻
- from_station,start,origin : city : Start : 出发站
- to_station,end,target : city : End : 到达站
-? time,after,departure_time : time : Earliest departure : 最早出发时间
E When is the next train from {1} to {2}?;~find trains from {1} to {2} after {3};~look up the train from {1} to {2};Is there a train to {2} from {1} after {3}?
Z 从{1}到{2}的下一班火车是几点？;~查{3}以后{1}到{2}的火车;~找{1}去{2}的列车
O train=code departure=time
A Train {train} leaves at {departure}.
B {train}次列车{departure}出发。
bus_arrival,next_bus | Next bus at a stop;Bus arrivals | 查询公交到站时间
- line,bus,route : int(1,999) : Bus line : 公交线路
- stop,station,stop_name : name : Stop : 站点
E When does bus {1} reach {2}?;~get the next bus {1} at {2};How long until line {1} comes to {2}?
Z {1}路公交什么时候到{2}？;~查{1}路在{2}站的到站时间;{2}站下一班{1}路还有多久？
O minutes=int(1,50)
A Bus {1} reaches {2} in {minutes} minutes.
B {1}路还有{minutes}分钟到{2}。
book_taxi,call_cab,order_ride | Order a taxi;Book a ride | 叫出租车
- pickup,from_address,start : address : Where to pick up : 上车地点
- destination,to_address,dropoff : address : Where to go : 目的地
-? time,pickup_time : time : When : 用车时间
E ~order a taxi from {1} to {2};~book a cab at {3} from {1} to {2};~get me a ride from {1} to {2} at {3};I need a taxi from {1} to {2}.
Z ~叫一辆从{1}到{2}的出租车;~订{3}从{1}去{2}的车;我要从{1}打车到{2}。
O driver=person minutes=int(2,25)
A {driver} will pick you up in {minutes} minutes.
B 司机{driver}{minutes}分钟后到。
get_directions,route,navigate,find_route | Directions between two places;Plan a route | 路线规划
- start,origin,from_place : city : Start : 起点
- end,destination,to_place : city : End : 终点
- mode,travel_mode,by : enum(walking=步行,driving=开车,cycling=骑车,transit=公交) : Way of travelling : 出行方式
E How do I get from {1} to {2} by {3}?;~find a {3} route from {1} to {2};~give me {3} directions from {1} to {2}
Z 从{1}到{2}{3}怎么走？;~规划从{1}{3}到{2}的路线;~查{1}到{2}的{3}路线
O distance_km=num(1,900,1) minutes=int(5,900)
A It is {distance_km} km and takes {minutes} minutes.
B 全程{distance_km}公里，约{minutes}分钟。
get_distance,distance_between,measure_distance | Distance between two cities;How far apart two places are | 查询两地距离
- from_city,place_a,first : city : First place : 第一个地点
- to_city,place_b,second : city : Second place : 第二个地点
E How far is {2} from {1}?;~tell me the distance from {1} to {2};What is the distance between {1} and {2}?
Z {1}到{2}有多远？;~查{1}和{2}之间的距离;{1}离{2}多少公里？
O km=int(5,9000)
A {1} and {2} are {km} km apart.
B {1}到{2}相距{km}公里。
get_traffic,traffic_report | Traffic on a road or in a city;Traffic report | 查询路况
- place,area,city : city : Where : 地点
E How is the traffic in {1}?;~check the traffic in {1};Are there jams in {1}?
Z {1}堵车吗？;~查{1}的路况;{1}的交通情况怎么样？
O delay_minutes=int(0,80)
A The delay in {1} is about {delay_minutes} minutes.
B {1}目前约延误{delay_minutes}分钟。
find_parking,parking_search | Find a parking place;Search parking near an address | 查找停车场
- address,near,location : address : Near which address : 附近地址
-? hours,duration,parking_hours : int(1,24) : Hours to park : 停车小时数
E Where can I park near {1}?;~find parking near {1} for {2} hours;~look for a car park at {1};I need parking for {2} hours at {1}.
Z {1}附近哪里能停车？;~找{1}附近能停{2}小时的停车场;{1}有停车位吗？
O name=title free=int(1,300)
A {name} has {free} free places.
B {name}还有{free}个车位。
find_places,nearby_search,places_nearby | Find places of a type near a city;Nearby places | 查找附近地点
- type,category,kind : enum(pharmacy=药店,cafe=咖啡馆,bank=银行,hospital=医院,park=公园,supermarket=超市) : Kind of place : 地点类型
- location,near,around : city : Where : 位置
-? radius,distance,within_km : int(1,30) : Radius in km : 半径（公里）
E ~find a {1} near {2};~search for a {1} within {3} km of {2};Is there a {1} in {2}?;~show me the next {1} within {3} km of {2}
Z ~找{2}附近的{1};{2}{3}公里内有{1}吗？;{2}哪里有{1}？
O name=title address=address
A {name} at {address} is close by.
B 附近有{name}，地址{address}。
visa_info,visa_requirements | Visa rules for travellers;Check visa rules | 查询签证要求
- nationality,citizenship,passport : country : Passport of the traveller : 护照国家
- destination,country,going_to : country : Country to visit : 目的国
E Does someone from {1} need a visa for {2}?;~check visa rules for {2} with a passport from {1};Do I need a visa for {2}? My passport is from {1}.
Z 持{1}护照去{2}要签证吗？;~查{1}公民去{2}的签证要求;{1}人去{2}需要签证吗？
O visa=enum(required=需要,not_required=不需要) max_days=int(15,180)
A A visa is {visa}; the longest stay is {max_days} days.
B {visa}签证，最长停留{max_days}天。
rent_car,car_rental,hire_car | Rent a car;Car hire | 租车
- city,pickup_city,location : city : Where : 取车城市
- start_date,from_date : date : First day : 开始日期
- days,length,num_days : int(1,30) : Number of days : 天数
E ~rent a car in {1} from {2} for {3} days;I need a hire car in {1} for {3} days from {2}.;~book a rental car in {1} on {2} for {3} days
Z ~在{1}租车，{2}开始，{3}天;我想{2}在{1}租车{3}天。;~租一辆{1}的车，从{2}起{3}天
O booking=code price=int(60,1500)
A Your car is booked as {booking} for {price}.
B 租车成功，编号{booking}，共{price}元。
# food
find_recipe,get_recipe,recipe_search | Find a recipe;Search recipes | 查找菜谱
- dish,food,meal : food : Dish or ingredient : 菜名或食材
-? servings,people,portions : int(2,12) : Servings : 份数
-? diet,diet_type : enum(vegan=纯素,vegetarian=素食,low_carb=低碳水) : Diet : 饮食要求
E How do I cook {1}?;~find a recipe for {1} for {2} people;~get a {3} recipe with {1};~show me a {1} recipe for {2}
Z {1}怎么做？;~找一个{2}人份的{1}菜谱;~给我{3}的{1}做法;~查{1}的做法
O name=title minutes=int(5,120)
A Try {name}; it takes {minutes} minutes.
B 推荐{name}，需要{minutes}分钟。
get_calories,nutrition,calorie_lookup,food_facts | Calories of a food;Nutrition facts | 查询食物热量
- food,item,food_name : food : Food : 食物
- grams,amount,weight : int(10,900) : Weight in grams : 克数
E How many calories are in {2} grams of {1}?;~look up the calories of {2} g of {1};What does {2} g of {1} have in calories?
Z {2}克{1}有多少热量？;~查{2}克{1}的卡路里;{1}{2}克多少大卡？
O kcal=int(5,2000)
A {2} g of {1} has {kcal} kcal.
B {2}克{1}约{kcal}千卡。
book_table,reserve_table,restaurant_booking | Book a table in a restaurant;Reserve a table | 预订餐厅座位
- restaurant,place,venue : title : Restaurant : 餐厅
- people,party_size,guests : int(1,14) : Number of people : 人数
- time,at,hour : time : Time : 时间
-? date,day,booking_date : date : Date : 日期
E ~book a table for {2} at {1} at {3};~reserve a table at {1} for {2} people on {4} at {3};~get us a table for {2} at {1}, {3};~book {1} for {2} people at {3}
Z ~在{1}订{3}的{2}人位;~预订{4}{3}{1}{2}个人的座位;~订{1}，{2}人，{3}
O reservation=code
A Your table at {1} is booked, number {reservation}.
B 已订好{1}，预订号{reservation}。
find_restaurants,restaurant_search | Find restaurants;Restaurants with a cuisine | 搜索餐厅
- city,area,town : city : Where : 地点
- cuisine,food_type,kitchen : enum(italian=意大利菜,thai=泰国菜,indian=印度菜,japanese=日本菜,mexican=墨西哥菜,french=法国菜) : Cuisine : 菜系
E Where can I eat {2} food in {1}?;~find a {2} restaurant in {1};~search {2} restaurants in {1}
Z {1}哪里有{2}？;~找{1}的{2}餐厅;~推荐{1}的{2}馆子
O name=title rating=num(3,5,1)
A {name} has a rating of {rating}.
B 推荐{name}，评分{rating}。
order_food,food_delivery,order_meal | Order food;Food delivery | 点外卖
- items,dishes,meals : list(food) : What to order : 菜品
- address,deliver_to,delivery_address : address : Where to bring it : 送餐地址
E ~order {1} to {2};~have {1} delivered to {2};I'd like {1} delivered to {2}.
Z ~点{1}送到{2};~把{1}外卖送到{2};我要{1}，送到{2}。
O minutes=int(10,70)
A {1} will arrive in {minutes} minutes.
B {1}将在{minutes}分钟后送达。
substitute_ingredient,ingredient_swap | Find a substitute for an ingredient;Replace an ingredient | 查找食材替代品
- ingredient,item,replace : food : Ingredient : 食材
E What can I use instead of {1}?;~find a substitute for {1};I have no {1}. What else works?
Z {1}可以用什么代替？;~找{1}的替代品;没有{1}，用什么好？
O substitute=food
A You can use {substitute} instead of {1}.
B 可以用{substitute}代替{1}。
# shopping
search_products,product_search,find_product,shop_search | Search a shop for products;Find products | 搜索商品
- query,product,keyword : product : What to look for : 商品
-? max_price,price_limit,budget : int(10,900) : Highest price : 最高价
-? sort_by,order_by : enum(price=价格,rating=评分,newest=最新) : Order of results : 排序方式
E ~find a {1} under {2};~search for a {1};~look for a {1} sorted by {3};I want to buy a {1} for less than {2}.;~show me a {1} below {2}
Z ~找{2}元以下的{1};~搜索{1};~按{3}排序找{1};我想买{2}元以内的{1}。
O name=product price=num(5,800,2)
A I found a {name} for {price}.
B 找到{name}，售价{price}元。
get_price,product_price,price_check | Price of a product;Check a price | 查询商品价格
- product_id,sku,item_code : code : Product number : 商品编号
E What does product {1} cost?;~check the price of {1};How much is item {1}?
Z 商品{1}多少钱？;~查{1}的价格;编号{1}的商品卖多少钱？
O price=num(1,900,2)
A Product {1} costs {price}.
B 商品{1}售价{price}元。
add_to_cart,cart_add,put_in_cart | Put a product into the cart;Add to basket | 加入购物车
- product_id,item,sku : code : Product number : 商品编号
- quantity,count,amount : int(1,20) : How many : 数量
E ~add {2} of {1} to my cart;~put {2} pieces of {1} in the basket;~place {2} of item {1} in the cart
Z ~把{2}件{1}加入购物车;~加{2}个{1}到购物车;~往购物车放{2}件{1}
A {2} of {1} are in your cart.
B 已把{2}件{1}加入购物车。
track_parcel,track_package,parcel_status,where_is_my_parcel | Track a parcel;Where a parcel is | 查询快递
- tracking_number,parcel_id,code : code : Tracking number : 快递单号
-? carrier,courier,company : enum(dhl=DHL,ups=UPS,fedex=FedEx,sf=顺丰) : Carrier : 快递公司
E Where is my parcel {1}?;~track package {1} with {2};~track {1};~check the {2} parcel {1}
Z 我的快递{1}到哪了？;~查{2}快递{1};~跟踪包裹{1}
O location=city status=enum(in_transit=运输中,delivered=已签收,at_customs=清关中)
A Parcel {1} is {status} in {location}.
B 快递{1}在{location}，{status}。
ship_package,send_parcel,create_shipment | Send a parcel;Create a shipment | 寄快递
- recipient,to_name,receiver : person : Receiver : 收件人
- address,to_address,ship_to : address : Address : 地址
- weight,kg,weight_kg : num(0.2,30,1) : Weight in kg : 重量（千克）
E ~ship a parcel of {3} kg to {1}, {2};~send {1} at {2} a package of {3} kg;~create a shipment of {3} kg to {1} at {2}
Z ~给{1}寄{3}公斤的包裹，地址{2};~寄{3}公斤快递到{2}，收件人{1};~发一个{3}公斤的件给{1}，{2}
O tracking=code
A Your parcel to {1} has the number {tracking}.
B 已下单，单号{tracking}。
return_item,start_return,create_return | Return a product;Start a return | 退货
- order_id,order,order_number : code : Order number : 订单号
- reason,why,cause : enum(damaged=损坏,too_small=太小,wrong_item=发错货,not_needed=不需要) : Reason : 原因
E ~return order {1}, reason: {2};~start a return of {1} with the reason {2};I want to send back {1}, reason: {2}.
Z ~退掉订单{1}，原因是{2};~给{1}办理退货，{2};订单{1}要退货，原因：{2}。
O return_id=code
A The return {return_id} for order {1} is open.
B 订单{1}的退货单号为{return_id}。
apply_coupon,use_coupon,redeem_code | Use a coupon code;Apply a discount code | 使用优惠券
- code,coupon,coupon_code : code : Coupon code : 优惠码
E ~apply the coupon {1};~redeem the code {1};~use my discount code {1}
Z ~使用优惠券{1};~兑换优惠码{1};~用一下折扣码{1}
O discount=int(5,60)
A Code {1} gives you {discount}% off.
B 优惠码{1}可减{discount}%。
compare_prices,price_compare | Compare prices of a product;Price comparison | 比价
- product,item,name : product : Product : 商品
-? stores,shops,num_stores : int(2,9) : Number of shops : 商店数量
E ~compare prices for a {1};~compare a {1} in {2} shops;Where is a {1} cheapest?;~check {2} stores for a {1}
Z ~比较{1}的价格;~在{2}家店比价{1};哪里的{1}最便宜？
O shop=name price=num(5,700,2)
A The best price is {price} at {shop}.
B {shop}最便宜，{price}元。
write_review,rate_product,post_review | Rate a product;Post a review | 评价商品
- product,item_name,what : product : Product : 商品
- stars,score,rating : int(1,5) : Stars : 星数
-? comment,review_text,text : text : Comment : 评论
E ~give the {1} {2} stars;~rate the {1} with {2} stars and write "{3}";~review the {1}: {2} stars, "{3}";~rate the {1} {2} stars
Z ~给{1}打{2}星;~评价{1}{2}星，写“{3}”;~给{1}{2}颗星
A Your rating of {2} stars for the {1} is saved.
B 已给{1}评{2}星。
# media
search_movies,find_movie,movie_search | Search movies;Find a film by genre | 搜索电影
- genre,type,category : genre : Genre : 类型
-? year,release_year,from_year : int(1950,2025) : Year : 年份
-? actor,star,with_actor : person : Actor : 演员
E ~find a {1} movie;~search {1} movies from {2};Which {1} films has {3} made?;~suggest a {1} film from {2}
Z ~找一部{1}电影;~搜{2}年的{1}片;{3}演过哪些{1}电影？;~推荐一部{1}片
O title=title
A How about {title}?
B 推荐《{title}》。
movie_info,get_film,film_details | Details of a film;Information on a movie | 查询电影信息
- title,movie,film : title : Title : 片名
E Who directed {1}?;~get details on the film {1};What is the movie {1} about?
Z 《{1}》的导演是谁？;~查电影《{1}》的信息;电影《{1}》讲什么？
O director=person year=int(1950,2025)
A {1} was made by {director} in {year}.
B 《{1}》由{director}于{year}年执导。
showtimes,cinema_times,movie_times | When a film is shown;Cinema showtimes | 查询电影场次
- movie,film,title : title : Film : 电影
- city,town,place : city : City : 城市
E When is {1} on in {2}?;~find showtimes of {1} in {2};Which times is {1} shown at in {2}?
Z {2}什么时候放《{1}》？;~查《{1}》在{2}的场次;{2}的《{1}》几点开场？
O cinema=title time=time
A {cinema} shows {1} at {time}.
B {cinema}{time}放映《{1}》。
book_search,find_book,search_books | Search books;Find a book | 搜索图书
- title,book,book_title : title : Title : 书名
-? author,writer,by : person : Author : 作者
E ~find the book {1};~look for {1} by {2};Do you have the book {1} by {2}?;~search the book {1}
Z ~找书《{1}》;~查{2}写的《{1}》;有{2}的《{1}》吗？;~搜索图书《{1}》
O isbn=code pages=int(60,900)
A {1} has {pages} pages, number {isbn}.
B 《{1}》共{pages}页，书号{isbn}。
get_lyrics,song_lyrics,lyrics_search | Get the lyrics of a song;Find song lyrics | 查询歌词
- song,track,song_title : title : Song : 歌名
- artist,singer,performed_by : person : Artist : 歌手
E ~get the lyrics of {1} by {2};What are the words of {1} by {2}?;~show me the lyrics to {2}'s {1}
Z ~查{2}的《{1}》歌词;{2}唱的《{1}》歌词是什么？;~找《{1}》的歌词，{2}唱的
O first_line=text
A It starts with: {first_line}
B 第一句是：{first_line}
make_playlist,create_playlist,new_playlist | Create a playlist;Make a list of songs | 创建歌单
- name,title,playlist_name : title : Name : 歌单名
- genre,style,mood : genre : Genre : 曲风
-? songs,num_songs,size : int(5,80) : Number of songs : 歌曲数
E ~make a {2} playlist called {1};~create the playlist {1} with {3} {2} songs;~build a {2} playlist named {1} of {3} songs;~start a new {2} playlist {1}
Z ~建一个{2}歌单叫{1};~创建歌单{1}，放{3}首{2};~新建{2}歌单“{1}”
A The {2} playlist {1} is ready.
B {2}歌单“{1}”已建好。
recommend_song,suggest_music,song_recommend | Recommend a song;Suggest music like a song | 推荐歌曲
- like,similar_to,seed_song : title : Song to start from : 参考歌曲
E ~recommend a song like {1};What should I hear if I like {1}?;~suggest music similar to {1}
Z ~推荐和《{1}》相似的歌;喜欢《{1}》的话该听什么？;~找类似《{1}》的音乐
O song=title artist=person
A Try {song} by {artist}.
B 试试{artist}的《{song}》。
set_channel,tv_channel,change_channel | Change the TV channel;Switch TV channels | 切换电视频道
- channel,number,channel_number : int(1,900) : Channel : 频道号
E ~switch the TV to channel {1};~put on channel {1};~change to channel {1}
Z ~把电视调到{1}频道;~切换到{1}频道;~看{1}台
A The TV is on channel {1}.
B 电视已切到{1}频道。
generate_image,draw_image,create_image,make_picture | Generate an image from a description;Draw a picture | 根据描述生成图片
- prompt,description,scene : title : What to draw : 画面描述
-? size,resolution,image_size : enum(small=小,medium=中,large=大) : Size : 尺寸
-? style,art_style,look : enum(photo=照片,sketch=素描,oil=油画,cartoon=卡通) : Style : 风格
E ~draw {1};~make a {3} picture of {1};~generate a {2} image of {1};~create a {2} {3} image showing {1};~paint {1} in {3} style
Z ~画{1};~生成一张{3}风格的{1}图片;~做一张{2}尺寸的{1};~用{3}风格画{1}
O file=file
A The picture of {1} is {file}.
B {1}的图片是{file}。
resize_image,scale_image,image_resize | Change the size of an image;Resize a picture | 调整图片尺寸
- image,file,path : file : Image file : 图片文件
- width,new_width,w : int(16,4000) : Width in pixels : 宽度像素
- height,new_height,h : int(16,4000) : Height in pixels : 高度像素
E ~resize {1} to {2} by {3} pixels;~scale {1} to {2}x{3};~make {1} {2} pixels wide and {3} high
Z ~把{1}调整为{2}x{3}像素;~将{1}缩放到宽{2}高{3};~改{1}的尺寸为{2}乘{3}
A {1} is now {2} by {3} pixels.
B {1}已改为{2}x{3}像素。
make_qr_code,qr_code,generate_qr | Make a QR code;QR code for a link | 生成二维码
- url,link,content : url : Link : 链接
-? size,pixels,width : int(100,900) : Size in pixels : 尺寸（像素）
E ~make a QR code for {1};~create a QR code of {2} pixels for {1};~turn {1} into a QR code;~make a {2} pixel QR code of {1}
Z ~给{1}生成二维码;~生成{1}的{2}像素二维码;~把{1}做成二维码
O file=file
A The QR code is {file}.
B 二维码文件是{file}。
shorten_url,short_link,url_shortener | Shorten a link;Make a short link | 缩短链接
- url,link,long_url : url : Long link : 长链接
E ~shorten {1};~make a short link for {1};~give me a shorter version of {1}
Z ~缩短{1};~给{1}生成短链接;~把{1}变成短网址
O short=url
A The short link is {short}
B 短链接是{short}
# sport
get_score,match_score,game_result | Score of a team's last match;Match result | 查询球队比分
- team,club,team_name : name : Team : 球队
-? date,match_date,played_on : date : Date : 日期
E How did {1} play on {2}?;~get the score of {1};What was the result of {1} on {2}?;Did {1} win?
Z {1}{2}踢得怎么样？;~查{1}的比分;{1}{2}的比赛结果是什么？
O score=code opponent=name
A {1} played {score} against {opponent}.
B {1}对{opponent}，比分{score}。
next_match,fixture,upcoming_game | Next match of a team;Upcoming game | 查询球队下一场比赛
- team,club,side : name : Team : 球队
E When does {1} play next?;~find the next match of {1};Who is {1}'s next opponent?
Z {1}下一场比赛是什么时候？;~查{1}的下一场;{1}接下来对谁？
O opponent=name date=date
A {1} plays {opponent} on {date}.
B {1}{date}对{opponent}。
league_table,standings,get_standings | Table of a league;Standings | 查询联赛积分榜
- league,competition,division : name : League : 联赛
-? season,year : int(1990,2025) : Season : 赛季
E Who leads the {1} league?;~show the {1} table of {2};~get the standings of {1} in {2};How do the standings of {1} look?
Z {1}联赛谁第一？;~看{2}赛季{1}的积分榜;{1}联赛排名如何？
O leader=name points=int(10,99)
A {leader} leads with {points} points.
B {leader}以{points}分领先。
player_stats,get_player,athlete_info | Statistics of a player;Player numbers | 查询球员数据
- player,name,athlete : person : Player : 球员
-? season,year : int(1990,2025) : Season : 赛季
E How many goals has {1} scored in {2}?;~get the statistics of {1};~show the numbers of {1} for {2};How good is {1}?
Z {1}在{2}赛季进了几个球？;~查{1}的数据;{1}表现如何？
O goals=int(0,60)
A {1} scored {goals} goals.
B {1}进了{goals}球。
log_workout,add_exercise,record_workout | Record a workout;Log exercise | 记录运动
- activity,exercise,sport : enum(running=跑步,swimming=游泳,cycling=骑车,yoga=瑜伽,rowing=划船) : Sport : 运动
- minutes,duration,length_minutes : int(5,180) : Minutes : 分钟数
-? distance,km,distance_km : num(1,60,1) : Distance in km : 距离（公里）
E ~log {2} minutes of {1};I did {2} minutes of {1}, {3} km. Please record it.;~record {1} for {2} minutes over {3} km;~add {2} minutes of {1}
Z ~记录{1}{2}分钟;我{1}了{2}分钟，{3}公里，记一下。;~添加{2}分钟{1}
O calories=int(20,1500)
A {2} minutes of {1} burned {calories} kcal.
B 已记录{1}{2}分钟，消耗{calories}千卡。
plan_run,running_plan | Plan a run;Make a running plan | 制定跑步计划
- distance,km,target_km : num(2,42,1) : Distance in km : 距离（公里）
- weeks,duration_weeks,num_weeks : int(2,20) : Weeks to train : 训练周数
E ~make a running plan for {1} km in {2} weeks;~plan {2} weeks of training for {1} km;I want to run {1} km in {2} weeks. Make a plan.
Z ~制定{2}周跑{1}公里的计划;~安排{2}周的{1}公里训练;我想{2}周后跑{1}公里，做个计划。
O runs_per_week=int(2,6)
A The plan has {runs_per_week} runs a week.
B 计划每周跑{runs_per_week}次。
# health
log_weight,record_weight,save_weight | Record body weight;Save today's weight | 记录体重
- weight,kg,kilograms : num(40,140,1) : Weight in kg : 体重（千克）
-? date,day : date : Date : 日期
E I weigh {1} kg, please record it.;~log a weight of {1} kg for {2};~save {1} kg as my weight;~record {1} kg on {2}
Z 我体重{1}公斤，记一下。;~记录{2}体重{1}公斤;~把体重{1}公斤存下来
A I recorded {1} kg.
B 已记录{1}公斤。
log_water,drink_water,add_water | Record water drunk;Log a drink of water | 记录饮水
- milliliters,ml,amount_ml : int(50,2000) : Amount in ml : 毫升数
E I drank {1} ml of water, log it.;~log {1} ml of water;~record that I had {1} ml of water
Z 我喝了{1}毫升水，记一下。;~记录喝水{1}毫升;~添加{1}毫升饮水
O today_total=int(200,4000)
A That makes {today_total} ml today.
B 今天共喝{today_total}毫升。
log_sleep,record_sleep | Record sleep;Save hours of sleep | 记录睡眠
- hours,slept,duration_hours : num(3,12,1) : Hours slept : 睡眠小时数
- quality,how_well,rating : enum(good=好,fair=一般,bad=差) : Quality : 睡眠质量
E I slept {1} hours and it was {2}. Save that.;~log {1} hours of {2} sleep;~record {1} hours of sleep, quality {2}
Z 我睡了{1}小时，质量{2}，记一下。;~记录睡眠{1}小时，质量{2};~保存{1}小时睡眠，睡得{2}
A {1} hours of {2} sleep are saved.
B 已记录{1}小时睡眠，质量{2}。
book_doctor,doctor_appointment,make_appointment | Book a doctor's appointment;See a doctor | 预约医生
- doctor,specialist,doctor_type : enum(dentist=牙医,dermatologist=皮肤科,cardiologist=心内科,pediatrician=儿科) : Kind of doctor : 科室
- date,day,on : date : Date : 日期
-? time,hour,preferred_time : time : Time : 时间
E ~book a {1} on {2};~make an appointment with a {1} on {2} at {3};I need to see a {1} on {2}.;~get me a {1} appointment on {2} at {3}
Z ~预约{2}的{1};~挂{2}{3}的{1};我{2}想看{1}。
O doctor=person
A You will see {doctor} on {2}.
B 已预约{doctor}医生，{2}。
drug_info,medicine_lookup,get_drug | Information on a medicine;Look up a drug | 查询药品信息
- drug,medicine,drug_name : name : Name of the medicine : 药名
E What is {1} used for?;~look up the medicine {1};What are the side effects of {1}?
Z {1}是治什么的？;~查药品{1};{1}有什么副作用？
O dose_mg=int(5,900)
A The usual dose of {1} is {dose_mg} mg.
B {1}的常用剂量是{dose_mg}毫克。
check_symptoms,symptom_checker | Check symptoms;What symptoms may mean | 检查症状
- symptoms,signs,complaints : list(symptom) : Symptoms : 症状
-? age,patient_age,years_old : int(1,99) : Age : 年龄
E ~check these symptoms: {1};I am {2} and have {1}. Check my symptoms.;What could {1} mean?;~check the symptoms {1} at age {2}
Z ~检查这些症状：{1};我{2}岁，有{1}的症状，查一下。;{1}可能是什么问题？
O advice=text
A My advice: {advice}.
B 建议：{advice}。
start_meditation,meditate | Start a meditation;Guided meditation | 开始冥想
- minutes,length,duration : int(1,60) : Minutes : 分钟数
-? theme,focus,about : enum(sleep=睡眠,focus=专注,calm=平静) : Theme : 主题
E ~start a meditation of {1} minutes;~begin {1} minutes of {2} meditation;~meditate with me for {1} minutes;~start a {2} meditation for {1} minutes
Z ~开始{1}分钟的冥想;~来{1}分钟{2}冥想;~陪我冥想{1}分钟
A Your {1} minutes of meditation begin now.
B {1}分钟冥想开始。
find_doctor,clinic_search | Find a clinic in a city;Search doctors | 查找诊所
- city,near,location : city : City : 城市
- specialty,field,department : enum(eyes=眼科,skin=皮肤科,heart=心脏科,teeth=牙科) : Field : 科室
E ~find a clinic for {2} in {1};Where in {1} is a doctor for {2}?;~search {1} for a clinic for {2}
Z ~找{1}的{2}诊所;{1}哪里有{2}？;~搜索{1}的{2}
O clinic=title phone=phone
A Try {clinic}, phone {phone}.
B 可去{clinic}，电话{phone}。
# school
grade_quiz,check_answer,mark_answer | Check an answer to an exercise;Grade an answer | 批改答案
- question_id,exercise,question : code : Exercise : 题号
- answer,given_answer,solution : num(1,900) : Answer : 答案
E Is {2} the right answer to exercise {1}?;~check the answer {2} for {1};~grade {2} for question {1}
Z 第{1}题答案是{2}对吗？;~检查{1}题的答案{2};~批改{1}题，答案{2}
O correct=enum(yes=正确,no=错误)
A Answer {2} for {1}: correct? {correct}.
B {1}题答案{2}，{correct}。
make_quiz,create_quiz,quiz_generator | Make a quiz;Generate questions | 生成测验
- subject,topic,field : subject : Subject : 科目
- questions,num_questions,count : int(3,40) : Number of questions : 题数
-? difficulty,level,hardness : enum(easy=简单,medium=中等,hard=困难) : Difficulty : 难度
E ~make a {1} quiz with {2} questions;~create {2} {3} questions on {1};~write a {3} {1} quiz of {2} questions;~give me {2} questions about {1}
Z ~出{2}道{1}题;~生成{2}道{3}的{1}题;~做一份{2}题的{1}测验
O quiz_id=code
A Your {1} quiz is ready: {quiz_id}.
B {1}测验已生成，编号{quiz_id}。
find_course,course_search,search_courses | Search courses;Find a course | 搜索课程
- subject,topic,about : subject : Subject : 科目
-? level,grade : enum(beginner=初级,intermediate=中级,advanced=高级) : Level : 级别
-? max_weeks,weeks,duration_weeks : int(2,30) : Longest length in weeks : 最长周数
E ~find a course on {1};~find a {2} course on {1};~search {1} courses of at most {3} weeks;Is there a {2} course in {1}?
Z ~找{1}课程;~找{2}的{1}课;~搜不超过{3}周的{1}课程;有{2}的{1}课吗？
O course=title
A The course "{course}" fits.
B 推荐课程“{course}”。
get_grade,student_grade,exam_result | Grade of a student;Exam result | 查询学生成绩
- student,name,student_name : person : Student : 学生
- subject,course,class_name : subject : Subject : 科目
E What grade has {1} in {2}?;~look up {1}'s {2} result;How did {1} do in {2}?
Z {1}的{2}成绩是多少？;~查{1}的{2}分数;{1}{2}考得怎么样？
O score=int(20,100)
A {1} has {score} points in {2}.
B {1}的{2}成绩是{score}分。
make_flashcard,add_flashcard,new_card | Make a flash card;Add a card to learn | 制作单词卡
- front,question,term : word : Front : 正面
- back,answer,meaning : title : Back : 背面
E ~make a card with {1} on the front and {2} on the back;~add a flashcard: {1} means {2};~create the card {1} / {2}
Z ~做一张卡片，正面{1}，背面{2};~添加单词卡：{1}，意思是{2};~新建卡片{1}/{2}
A The card {1} is saved.
B 卡片“{1}”已保存。
homework_add,add_homework | Save homework;Note down homework | 记录作业
- subject,class_name,lesson : subject : Subject : 科目
- due,deadline,hand_in : date : Due date : 截止日期
- page,pages,page_number : int(1,400) : Page : 页码
E My {1} homework is page {3}, due {2}. Save it.;~note {1} homework: page {3} for {2};~add homework in {1}, page {3}, due {2}
Z {1}作业是第{3}页，{2}交，记一下。;~记录{1}作业：第{3}页，{2}前交;~添加{2}要交的{1}作业，第{3}页
A Your {1} homework for {2} is saved.
B {1}作业已记录，{2}交。
periodic_element,element_info,chemistry_element | Facts about a chemical element;Element information | 查询化学元素
- element,name,symbol : enum(iron=铁,gold=金,neon=氖,zinc=锌,copper=铜,helium=氦,carbon=碳) : Element : 元素
E What is the atomic mass of {1}?;~look up the element {1};~tell me about the element {1}
Z {1}的原子量是多少？;~查元素{1};~介绍一下{1}元素
O atomic_mass=num(1,240,2)
A The atomic mass of {1} is {atomic_mass}.
B {1}的原子量是{atomic_mass}。
# world
country_info,get_country,country_facts | Facts about a country;Country data | 查询国家信息
- country,name,nation : country : Country : 国家
E What is the capital of {1}?;~get facts about {1};~look up the country {1}
Z {1}的首都是哪里？;~查{1}的国家信息;~介绍一下{1}这个国家
O capital=name population=int(90000,90000000)
A The capital of {1} is {capital}; {population} people live there.
B {1}首都是{capital}，人口{population}。
city_population,get_population,population | Population of a city;How many people live in a place | 查询城市人口
- city,place,town : city : City : 城市
-? year,in_year,as_of : int(1950,2025) : Year : 年份
E How many people live in {1}?;What was the population of {1} in {2}?;~look up the population of {1};How large was {1} in {2}?
Z {1}有多少人口？;{1}{2}年的人口是多少？;~查{1}的人口
O people=int(5000,30000000)
A {people} people live in {1}.;The number is {people}.
B {1}人口为{people}。
public_holidays,get_holidays,list_holidays | Public holidays of a country;Holidays in a year | 查询国家法定节假日
- country,nation,where : country : Country : 国家
- year,in_year,for_year : int(2020,2035) : Year : 年份
E Which public holidays does {1} have in {2}?;~list the holidays of {1} for {2};~show {2} holidays in {1}
Z {1}{2}年有哪些假期？;~列出{1}{2}年的法定节假日;~查{2}年{1}的节日
O holiday=title date=date
A {1} has {holiday} on {date}.
B {1}{date}是{holiday}。
mountain_height,elevation,get_elevation | Height of a place above the sea;Elevation | 查询海拔
- place,mountain,location : name : Mountain or place : 山或地点
E How high is {1}?;~find the elevation of {1};How far above the sea is {1}?
Z {1}海拔多少？;~查{1}的高度;{1}有多高？
O meters=int(10,8000)
A {1} is {meters} m high.
B {1}海拔{meters}米。
on_this_day,history_events,today_in_history | What happened on a day in history;Historic events | 历史上的今天
- month,month_number,m : int(1,12) : Month as a number : 月份
- day,day_of_month,d : int(1,28) : Day of the month : 日
E What happened on day {2} of month {1}?;~find events in history for month {1}, day {2};~tell me what happened on {1}/{2}
Z 历史上的{1}月{2}日发生了什么？;~查{1}月{2}日的历史事件;{1}月{2}日有什么大事？
O event=title year=int(1000,2020)
A In {year}: {event}.
B {year}年：{event}。
earthquake_info,recent_earthquakes | Recent earthquakes;Earthquakes in a country | 查询地震信息
- country,region,area : country : Where : 地区
- min_magnitude,magnitude,stronger_than : num(2,8,1) : Smallest magnitude : 最小震级
E Were there earthquakes above {2} in {1}?;~list earthquakes in {1} stronger than {2};~find quakes over {2} in {1}
Z {1}有{2}级以上的地震吗？;~查{1}{2}级以上的地震;~列出{1}超过{2}级的地震
O count=int(0,30)
A There were {count} such earthquakes in {1}.
B {1}有{count}次这样的地震。
geocode,get_coordinates,locate_address | Coordinates of an address;Geocode an address | 查询地址坐标
- address,location,place : address : Address : 地址
E What are the coordinates of {1}?;~geocode {1};~find latitude and longitude of {1}
Z {1}的坐标是多少？;~查{1}的经纬度;~定位{1}
O lat=num(-60,60,3) lon=num(-179,179,3)
A {1} is at {lat}, {lon}.
B {1}的坐标是{lat}，{lon}。
reverse_geocode,address_at | Address at coordinates;Find what is at a latitude and longitude | 根据经纬度查地址
- latitude,lat,y : num(-80,80,3) : Latitude : 纬度
- longitude,lon,x : num(-179,179,3) : Longitude : 经度
E What is at latitude {1}, longitude {2}?;~find the address at {1}, {2};Which place is at {1}, {2}?
Z 纬度{1}、经度{2}是哪里？;~查坐标{1}，{2}的地址;坐标{1}，{2}在什么地方？
O place=name
A That is {place}.
B 那里是{place}。
# office
search_employee,find_employee,staff_lookup | Find an employee;Look up staff | 查找员工
- name,employee,person : person : Name : 姓名
-? department,team,unit : enum(sales=销售部,finance=财务部,legal=法务部,support=客服部) : Department : 部门
E ~look up the employee {1};~find {1} in {2};Who is {1} from {2}?;~search our staff for {1}
Z ~查员工{1};~在{2}找{1};{2}的{1}是谁？
O email=email
A You can reach {1} at {email}.
B {1}的邮箱是{email}。
request_leave,apply_leave,vacation_request | Ask for leave;Request vacation | 申请休假
- start,from_date,first_day : date : First day : 开始日期
- days,num_days,length : int(1,25) : Days : 天数
-? reason,kind,leave_type : enum(vacation=年假,sick=病假,family=家事) : Kind of leave : 假期类型
E ~request {2} days off from {1};~apply for {2} days of {3} leave starting {1};I want {2} days off from {1}.;~ask for {2} days of {3} leave from {1}
Z ~申请从{1}起休{2}天;~请{2}天{3}，{1}开始;~从{1}请假{2}天
O request=code
A Your request {request} for {2} days is in.
B 已提交{2}天休假申请，编号{request}。
book_room,reserve_room,meeting_room | Reserve a meeting room;Book a room | 预订会议室
- room,room_id,room_name : name : Room : 会议室
- time,start,from_time : time : Start : 开始时间
- hours,duration,length : num(0.5,5,1) : Hours : 小时数
E ~book room {1} at {2} for {3} hours;~reserve {1} from {2} for {3} hours;We need room {1} at {2} for {3} hours.
Z ~订{2}的{1}会议室{3}小时;~预订会议室{1}，{2}开始，{3}小时;我们{2}要用{1}会议室{3}小时。
A Room {1} is yours from {2}.
B {1}会议室已从{2}预订。
create_ticket,open_ticket,report_issue | Open a support ticket;Report a problem | 创建工单
- title,summary,subject : title : Short title : 标题
- severity,priority,urgency : enum(low=低,normal=普通,urgent=紧急) : Urgency : 紧急程度
E ~open a ticket "{1}" with {2} priority;~report a {2} issue: {1};~create a {2} ticket titled {1}
Z ~创建工单“{1}”，优先级{2};~报告一个{2}问题：{1};~开一个{2}工单“{1}”
O ticket=code
A Ticket {ticket} is open.
B 工单{ticket}已创建。
create_invoice,new_invoice,bill_customer | Write an invoice;Bill a customer | 开发票
- customer,client,to : person : Customer : 客户
- amount,total,sum_due : num(10,9000,2) : Amount : 金额
-? due_date,pay_by : date : Due date : 付款期限
E ~write an invoice for {1} over {2};~bill {1} {2}, due {3};~create an invoice of {2} for {1} payable by {3};~invoice {1} for {2}
Z ~给{1}开{2}元的发票;~向{1}开票{2}元，{3}前付款;~给客户{1}开一张{2}元发票
O invoice=code
A Invoice {invoice} for {1} is written.
B 发票{invoice}已开。
log_hours,track_time,time_entry | Record working hours;Log time on a project | 记录工时
- project,project_name,task : title : Project : 项目
- hours,time_spent,duration : num(0.5,12,1) : Hours : 小时数
-? date,day,work_date : date : Day : 日期
E ~log {2} hours on {1};I worked {2} hours on {1} on {3}. Log it.;~record {2} hours for {1} on {3};~book {2} hours for {1}
Z ~给项目{1}记{2}小时;我{3}在{1}上工作了{2}小时，记一下。;~记录{1}工时{2}小时
A {2} hours on {1} are logged.
B 已为{1}记录{2}小时。
print_document,print_file,send_to_printer | Print a document;Send a file to the printer | 打印文件
- file,document,file_name : file : File : 文件
- copies,count,num_copies : int(1,30) : Copies : 份数
-? color,in_color,colour : bool(in color=彩色,in black and white=黑白) : Whether to print in color : 是否彩色
E ~print {2} copies of {1};~print {1} {2} times {3};~make {2} printed copies of {1} {3};~print {1}, {2} copies
Z ~打印{2}份{1};~{3}打印{1}，{2}份;~把{1}打{2}份
A {2} copies of {1} are printing.
B 正在打印{2}份{1}。
# software
run_query,sql_query,query_database | Count rows of a database table;Query a table | 查询数据库表
- table,table_name,from_table : word : Table : 表名
-? limit_rows,row_limit,max_rows : int(1,500) : Number of rows : 行数
E How many rows has the table {1}?;~show {2} rows of the table {1};~query the table {1};~get {2} rows from {1}
Z 表{1}有多少行？;~查看表{1}的{2}行;~查询表{1}
O rows=int(0,90000)
A The table {1} has {rows} rows.
B 表{1}有{rows}行。
restart_server,reboot_server,server_restart | Restart a server;Reboot a machine | 重启服务器
- server,host,machine : code : Server : 服务器
-? force,forced,hard : bool(by force=强制,gently=平稳) : Whether to force it : 是否强制
E ~restart the server {1};~reboot {1} {2};~restart {1} {2};~boot machine {1} again
Z ~重启服务器{1};~{2}重启{1};~把{1}重新启动
A Server {1} is restarting.
B 服务器{1}正在重启。
deploy_app,release,deploy_service | Deploy a version of an app;Release software | 部署应用
- app,service,application : name : App : 应用
- version,tag,build : code : Version : 版本
- environment,env,stage : enum(staging=测试环境,production=生产环境,development=开发环境) : Where : 环境
E ~deploy {1} version {2} to {3};~release {2} of {1} to {3};~put {1} {2} on {3}
Z ~把{1}的{2}版部署到{3};~发布{1} {2}到{3};~在{3}部署{1}，版本{2}
A {1} {2} runs on {3}.
B {1} {2}已部署到{3}。
check_website,ping_site,is_site_up | Check whether a website works;Ping a site | 检查网站
- url,site,website : url : Address : 网址
E Is {1} up?;~check the website {1};~ping {1}
Z {1}能访问吗？;~检查网站{1};~测试{1}
O status_code=int(200,503) ms=int(5,900)
A {1} answered with {status_code} in {ms} ms.
B {1}返回{status_code}，用时{ms}毫秒。
create_issue,file_bug,new_issue | File a bug in a project;Create an issue | 新建缺陷
- repository,repo,project : name : Repository : 仓库
- title,headline,bug : title : Title : 标题
-? labels,tags,marks : list(word) : Labels : 标签
E ~file a bug in {1}: {2};~open an issue in {1} titled "{2}" with labels {3};~create the issue "{2}" in {1};~report "{2}" in {1}, labels {3}
Z ~在{1}提一个缺陷：{2};~在仓库{1}新建“{2}”，标签{3};~给{1}报问题“{2}”
O number=int(1,9000)
A Issue {number} is open in {1}.
B {1}已新建问题{number}。
hash_text,compute_hash,make_hash | Hash a text;Compute a checksum | 计算哈希值
- text,data,input_text : word : Text : 文本
- algorithm,method,hash_type : enum(md5=md5,sha1=sha1,sha256=sha256) : Algorithm : 算法
E What is the {2} of {1}?;~compute the {2} hash of {1};~hash {1} with {2}
Z “{1}”的{2}是多少？;~计算“{1}”的{2};~用{2}对“{1}”求哈希
O hash=code
A The {2} hash is {hash}.
B {2}值是{hash}。
convert_color,hex_to_rgb,colour_convert | Convert a color code;Hex color to RGB | 颜色转换
- color,hex,hex_code : colour : Hex code : 十六进制颜色
E What is {1} in RGB?;~convert the color {1} to RGB;~turn {1} into RGB values
Z {1}的RGB是多少？;~把颜色{1}转成RGB;~转换颜色{1}
O rgb=nums
A {1} is {rgb} in RGB.
B {1}的RGB为{rgb}。
user_create,create_user,add_account | Create a user account;Add a user | 创建用户
- email,mail,user_email : email : E-mail : 邮箱
- role,rights,user_role : enum(admin=管理员,editor=编辑,viewer=访客) : Role : 角色
-? active,enabled,is_active : bool(active=启用,inactive=停用) : Whether the account is active : 是否启用
E ~create a user {1} as {2};~add {1} with the role {2}, {3};~make an account for {1} as {2};~create an {3} account for {1}, role {2}
Z ~创建用户{1}，角色{2};~添加{1}为{2}，{3};~给{1}开{2}账号
A {1} is now {2}.
B {1}已设为{2}。
schedule_backup,run_backup,backup | Back up a folder;Start a backup | 备份文件夹
- folder,source,path : word : Folder : 文件夹
-? time,at_time,when : time : When : 时间
E ~back up the folder {1};~back up {1} at {2};~schedule a backup of {1} at {2};~make a backup of {1}
Z ~备份文件夹“{1}”;~在{2}备份“{1}”;~给“{1}”做备份
A The backup of {1} is planned.
B “{1}”的备份已安排。
# fun
tell_joke,get_joke,random_joke | Get a joke about something;Joke service | 获取笑话
- topic,about,theme : word : Topic : 主题
E ~get a joke about {1};~find a joke on the topic {1};~fetch me a {1} joke
Z ~找一个关于“{1}”的笑话;~查“{1}”主题的笑话;~获取“{1}”笑话
O joke=text
A Here it is: {joke}
B 笑话：{joke}
get_quote,random_quote,quote_of | Get a quotation;Quotation of a person | 获取名言
- author,person,said_by : person : Who said it : 人物
E ~give me a quote by {1};What did {1} say?;~find a quotation of {1}
Z ~来一句{1}的名言;{1}说过什么？;~找{1}的名言
O quote=text
A {1} said: {quote}
B {1}说：{quote}
horoscope,get_horoscope,star_sign | Horoscope of a sign;Daily horoscope | 查询星座运势
- sign,zodiac,star : enum(aries=白羊座,leo=狮子座,virgo=处女座,libra=天秤座,pisces=双鱼座) : Star sign : 星座
-? date,day,for_day : date : Day : 日期
E What does the horoscope say for {1}?;~read the {1} horoscope for {2};~get the horoscope of {1};How is {2} for {1}?
Z {1}的运势怎么样？;~查{1}{2}的运势;~看{1}运势
O lucky_number=int(1,99)
A The lucky number of {1} is {lucky_number}.
B {1}的幸运数字是{lucky_number}。
name_generator,generate_name,make_name | Make up names;Name generator | 生成名字
- style,kind,theme : enum(fantasy=奇幻,modern=现代,robot=机器人) : Style : 风格
- count,how_many,number : int(1,12) : How many : 数量
E ~make up {2} {1} names;~generate {2} names in {1} style;~invent {2} {1} names
Z ~起{2}个{1}风格的名字;~生成{2}个{1}名字;~想{2}个{1}风的名字
O names=list(name)
A How about {names}?
B {names}怎么样？
pick_random,random_choice,choose_one | Pick one of several options;Random choice | 随机选择
- options,choices,items : list(food) : Options : 选项
E ~pick one of {1};~choose for me: {1};Which should I take: {1}?
Z ~从{1}里选一个;~帮我选：{1};{1}选哪个？
O choice=food
A I pick {choice}.
B 选{choice}。
start_game,launch_game,play_game | Start a game;Launch a game | 启动游戏
- game,title,game_name : title : Game : 游戏
-? players,num_players,player_count : int(1,8) : Players : 玩家数
E ~start the game {1};~launch {1} for {2} players;~play {1} with {2} players;~open the game {1}
Z ~启动游戏{1};~开一局{2}人的{1};~玩{1}
A {1} is starting.
B {1}正在启动。
trivia_question,quiz_question,get_trivia | Get a trivia question;Question from a subject | 获取知识问答题
- category,subject,area : subject : Subject : 领域
- difficulty,level,hardness : enum(easy=简单,medium=中等,hard=困难) : Difficulty : 难度
E ~ask me a {2} {1} question;~get a {2} trivia question on {1};~give me a {2} question about {1}
Z ~出一道{2}的{1}题;~给我一个{2}的{1}问答;~问我{2}的{1}问题
O question=text
A Here is your question: {question}
B 题目：{question}
"""
