"""The catalogue of tools that training may show, in the notation of `tool_intents`.

A table: breadth is what teaches a small model to copy names and values, so it is long.
"""

from __future__ import annotations

from collections.abc import Sequence

from glm.training.tool_catalogue_more import MORE
from glm.training.tool_families import family_catalogue
from glm.training.tool_intents import Intent, parse

_CATALOGUE = """
# weather
get_weather,check_weather,current_weather,weather_now | Get the current weather of a city;Current weather for a place | 查询城市当前天气;获取某地实时天气
- city_name,city,location,place : city : City name : 城市名称
E ~tell me the weather in {1};How is the weather in {1}?;What's the weather like in {1} right now?;Is it raining in {1}?;What is the weather in {1} today?
Z ~查一下{1}的天气;{1}天气怎么样？;{1}现在下雨吗？;{1}今天的天气如何？
O temperature=int(-15,39) condition=sky
A It is {temperature} °C and {condition} in {1}.;The weather in {1} is {condition} with {temperature} °C.
B {1}现在{condition}，{temperature}度。;{1}气温{temperature}度，{condition}。
get_forecast,weather_forecast,forecast_days | Weather forecast for the coming days;Forecast the weather | 查询未来几天的天气预报;天气预报
- city,town,place_name : city : City : 城市
- days,num_days,day_count : int(2,14) : Number of days : 天数
E ~show the {2} day forecast for {1};What will the weather be like in {1} over the next {2} days?;~get me a forecast of {2} days for {1}
Z {1}未来{2}天的天气怎么样？;~查{1}接下来{2}天的天气预报;~看看{1}{2}天内的天气预报
O high=int(5,39) low=int(-15,4) summary=sky
A Over the next {2} days {1} will be mostly {summary}, between {low} and {high} °C.
B {1}未来{2}天以{summary}为主，{low}到{high}度。
get_air_quality,air_quality_index,check_aqi | Air quality index of a city;Check the air quality | 查询城市空气质量;空气质量指数
- city,region,area : city : City to check : 要查询的城市
E How clean is the air in {1}?;~check the air quality in {1};What is the AQI of {1}?
Z {1}的空气质量怎么样？;~查{1}的空气质量指数;{1}现在空气好吗？
O aqi=int(10,300)
A The air quality index in {1} is {aqi}.
B {1}的空气质量指数是{aqi}。
get_sunrise,sun_times,sunrise_time | Sunrise and sunset of a place on a date;Get sunrise and sunset times | 查询某地某日的日出日落时间
- place,city,where : city : Place : 地点
-? date,day,on_date : date : Date, today if left out : 日期，默认今天
E When does the sun rise in {1} on {2}?;~find the sunset time in {1};~get sunrise and sunset for {1} on {2}
Z {1}{2}几点日出？;~查一下{1}的日落时间;~告诉我{1}{2}的日出日落时间
O sunrise=time sunset=time
A In {1} the sun rises at {sunrise} and sets at {sunset}.
B {1}日出{sunrise}，日落{sunset}。
get_tides,tide_times | High tide at a harbour;Get tide times | 查询港口的潮汐时间
- harbour,port,station : name : Name of the harbour : 港口名称
- date,day : date : Date : 日期
E When is high tide in {1} on {2}?;~look up the tides at {1} for {2};~get tide times for {1}, {2}
Z {1}{2}什么时候涨潮？;~查{1}{2}的潮汐;{1}港{2}的潮汐时间是多少？
O high_tide=time
A High tide in {1} is at {high_tide}.
B {1}{high_tide}涨潮。
# time
get_time,current_time,time_now | Get the current time in a time zone;Current time | 查询时区的当前时间
- timezone,time_zone,tz : zone : IANA time zone, e.g. Asia/Tokyo : IANA 时区，如 Asia/Tokyo
E What time is it in {1}?;~tell me the current time in {1};What's the time in {1} now?;~give me the local time of {1}
Z {1}现在几点？;~告诉我{1}的当前时间;{1}现在是什么时间？;现在{1}几点了？
O time=time
A It is {time} in {1}.;The time in {1} is {time}.
B {1}现在是{time}。
set_timer,start_timer,countdown | Start a countdown timer;Set a timer | 设置倒计时
- minutes,duration,mins : int(1,120) : Length in minutes : 分钟数
-? label,title,note : food : Name of the timer : 计时器名称
E ~set a timer for {1} minutes;~start a {1} minute timer for the {2};~set a {2} timer of {1} minutes;~count down {1} minutes
Z ~设一个{1}分钟的倒计时;~给{2}设一个{1}分钟的计时器;~倒计时{1}分钟
A Your timer for {1} minutes is running.
B {1}分钟的倒计时已开始。
set_alarm,create_alarm,wake_up | Set an alarm;Create an alarm clock | 设置闹钟;创建闹钟
- time,alarm_time,at : time : Time of the alarm : 闹钟时间
-? date,day : date : Day of the alarm : 闹钟日期
E ~set an alarm for {1};~wake me up at {1};~set an alarm for {1} on {2};~create an alarm at {1}
Z ~设一个{1}的闹钟;{1}叫我起床;~设一个{2}{1}的闹钟;~定{1}的闹钟
A The alarm is set for {1}.
B 闹钟已设为{1}。
days_between,date_difference,count_days | Number of days between two dates;Count the days from one date to another | 计算两个日期相差的天数
- start_date,first_date,begin : date : First date : 开始日期
- end_date,second_date,finish : date : Second date : 结束日期
E How many days are there between {1} and {2}?;~count the days from {1} to {2};How far apart are {1} and {2} in days?
Z {1}到{2}有多少天？;~计算{1}和{2}相差几天;从{1}到{2}一共几天？
O days=int(2,900)
A There are {days} days between {1} and {2}.
B {1}到{2}相差{days}天。
create_event,add_event,schedule_meeting,calendar_add | Add an event to the calendar;Create a calendar event | 在日历中添加日程;创建日程
- title,subject,event_name : title : Title of the event : 日程标题
- date,day,event_date : date : Date : 日期
-? time,start_time : time : Start time : 开始时间
-? attendees,people,guests : list(person) : Who takes part : 参加者
E ~add {1} to my calendar on {2};~schedule {1} for {2} at {3};~put {1} on {2} at {3} with {4};~create an event called {1} on {2};~plan {1} on {2} at {3}
Z ~把{1}加到{2}的日程;~安排{2}{3}的{1};~在{2}{3}创建日程{1}，邀请{4};~在{2}添加日程{1}
O event_id=code
A {1} is in your calendar for {2}.;Done, {1} on {2} is saved as event {event_id}.
B 已把{1}安排在{2}。;日程{1}已保存，编号{event_id}。
list_events,get_schedule,my_calendar | List the events of a day;Show my schedule | 查询某天的日程
- date,day,when : date : Day to list : 日期
E What do I have on {1}?;~show my schedule for {1};Am I busy on {1}?
Z {1}我有什么安排？;~查看{1}的日程;我{1}忙吗？
O title=title time=time
A On {1} you have {title} at {time}.
B {1}{time}有{title}。
delete_event,remove_event,cancel_meeting | Delete a calendar event;Remove an event by its id | 删除日程
- event_id,id,event : code : Id of the event : 日程编号
E ~delete event {1};~cancel the meeting {1};~remove {1} from my calendar
Z ~删除日程{1};~取消会议{1};~把日程{1}删掉
A Event {1} is deleted.
B 日程{1}已删除。
set_reminder,remind_me,add_reminder | Set a reminder;Remind the user of something | 设置提醒
- text,message,what : text : What to be reminded of : 提醒内容
- time,when,remind_at : time : When : 提醒时间
E ~remind me at {2}: {1};~set a reminder for {2} saying "{1}";~add a reminder at {2}: {1}
Z {2}提醒我：{1};~设置提醒，{2}，内容是“{1}”;~在{2}提醒我“{1}”
A I will remind you at {2}.
B 好的，{2}会提醒您。
# money
get_exchange_rate,exchange_rate,fx_rate | Exchange rate between two currencies;Get the rate of a currency pair | 查询两种货币的汇率
- base,from_currency,base_currency : currency : Currency code to convert from : 原货币代码
- target,to_currency,quote_currency : currency : Currency code to convert to : 目标货币代码
E What is the exchange rate from {1} to {2}?;~give me the {1} to {2} rate;How much is one {1} in {2}?
Z {1}兑{2}的汇率是多少？;~查询{1}到{2}的汇率;一{1}等于多少{2}？
O rate=num(0.01,150,3)
A One {1} is {rate} {2}.
B 1 {1}等于{rate} {2}。
convert_currency,currency_convert,exchange_money | Convert an amount of money;Currency conversion | 货币换算;把金额换成另一种货币
- amount,value,sum : num(1,20000) : Amount : 金额
- from_currency,source,from_code : currency : Source currency : 原货币
- to_currency,target,to_code : currency : Target currency : 目标货币
E ~convert {1} {2} to {3};How much is {1} {2} in {3}?;~change {1} {2} into {3}
Z {1} {2}等于多少{3}？;~把{1} {2}换成{3};{1} {2}能换多少{3}？
O result=num(1,90000,2)
A {1} {2} is {result} {3}.
B {1} {2}约等于{result} {3}。
get_stock_price,stock_quote,share_price | Latest price of a stock;Get a stock quote | 查询股票最新价格
- symbol,ticker,stock : ticker : Ticker symbol : 股票代码
E What is the price of {1} stock?;~get the stock price of {1};How much is a share of {1}?;What is {1} trading at?
Z {1}的股价是多少？;~查一下{1}的股票价格;{1}现在多少钱一股？
O price=num(2,900,2)
A {1} trades at {price}.;One share of {1} costs {price}.
B {1}的股价是{price}。
get_stock_history,price_history | Past prices of a stock;Stock history | 查询股票历史价格
- ticker,symbol,code : ticker : Ticker : 股票代码
- days,period,num_days : int(5,365) : How many days back : 过去的天数
E ~show the price history of {1} over {2} days;How did {1} do in the last {2} days?;~get {2} days of prices for {1}
Z {1}过去{2}天的走势如何？;~查{1}最近{2}天的历史价格;~看看{1}{2}天的股价
O change_percent=num(-30,40,1)
A {1} changed by {change_percent} % in {2} days.
B {1}在{2}天内变化了{change_percent}%。
buy_stock,place_buy_order | Buy shares of a stock;Place an order for shares | 买入股票
- symbol,ticker : ticker : Ticker to buy : 股票代码
- shares,quantity,count : int(1,900) : Number of shares : 股数
E ~buy {2} shares of {1};~place an order for {2} {1} shares;~purchase {2} shares of {1} stock
Z ~买入{2}股{1};~下单购买{2}股{1};~买{2}股{1}的股票
O order_id=code
A Order {order_id} for {2} shares of {1} is placed.
B 已下单买入{2}股{1}，订单号{order_id}。
crypto_price,get_coin_price | Price of a cryptocurrency;Get a coin's price | 查询加密货币价格
- coin,token,asset : enum(bitcoin=比特币,ethereum=以太坊,solana=索拉纳,dogecoin=狗狗币) : Coin : 币种
-? currency,in_currency : currency : Currency of the price : 计价货币
E What does {1} cost in {2}?;~get the price of {1};How much is {1} in {2}?
Z {1}现在多少{2}？;~查{1}的价格;{1}用{2}计价是多少？
O price=num(0.1,90000,2)
A The price of {1} is {price}.
B {1}的价格是{price}。
loan_payment,monthly_payment,mortgage_calculator | Monthly payment of a loan;Compute loan payments | 计算贷款月供
- principal,amount,loan_amount : int(1000,900000) : Amount borrowed : 贷款金额
- rate,interest_rate,annual_rate : num(1,12,2) : Yearly rate in percent : 年利率（%）
- years,term,duration_years : int(1,30) : Years : 年数
E What is the monthly payment for {1} at {2} percent over {3} years?;~calculate payments on a loan of {1} for {3} years at {2}%;I borrow {1} at {2}% for {3} years. What do I pay each month?
Z 贷款{1}元，年利率{2}%，{3}年，月供多少？;~计算{1}元贷款{3}年的月供，利率{2}%;借{1}元，利率{2}%，分{3}年还，每月还多少？
O monthly=num(50,9000,2)
A You would pay {monthly} a month.
B 每月还款{monthly}元。
calculate_tip,tip_amount | Tip for a bill;Compute the tip | 计算小费
- bill,total,bill_amount : num(5,400,2) : Bill total : 账单金额
- percent,tip_percent,rate : int(5,25) : Tip in percent : 小费百分比
E What is a {2}% tip on {1}?;~calculate a tip of {2} percent on a bill of {1};How much is {2}% tip for {1}?
Z 账单{1}，{2}%的小费是多少？;~计算{1}元账单{2}%的小费;{1}的{2}%小费是多少钱？
O tip=num(1,80,2)
A The tip is {tip}.
B 小费是{tip}。
calculate_tax,sales_tax | Tax on an amount;Compute tax | 计算税额
- amount,price,net : num(5,9000,2) : Amount before tax : 税前金额
- rate,tax_rate,percent : num(3,25,1) : Tax rate in percent : 税率（%）
E How much tax is {2}% on {1}?;~compute the tax on {1} at {2} percent;What tax do I pay on {1} with a rate of {2}%?
Z {1}元按{2}%交多少税？;~计算{1}元的税，税率{2}%;税率{2}%，{1}元要交多少税？
O tax=num(1,900,2)
A The tax is {tax}.
B 税额为{tax}元。
add_expense,log_expense,record_spending | Record an expense;Log money spent | 记录支出;记一笔账
- amount,cost,price : num(1,900,2) : Amount spent : 金额
- category,type,kind : enum(food=餐饮,travel=旅行,rent=房租,clothes=衣服,books=书籍) : Category : 类别
E ~log {1} spent on {2};I spent {1} on {2}, please record it.;~add an expense of {1} for {2}
Z ~记一笔{2}支出{1}元;我在{2}上花了{1}元，记一下。;~记录{1}元的{2}开销
A I recorded {1} for {2}.
B 已记录{2}支出{1}元。
get_balance,account_balance,check_balance | Balance of an account;Check an account | 查询账户余额
- account,account_id,account_no : code : Account number : 账号
E What is the balance of account {1}?;~check the balance of {1};How much money is in {1}?
Z 账户{1}的余额是多少？;~查账户{1}的余额;{1}里还有多少钱？
O balance=num(1,90000,2)
A Account {1} has a balance of {balance}.
B 账户{1}余额为{balance}。
transfer_money,send_money,bank_transfer,make_payment | Transfer money to someone;Send a payment | 转账;给某人汇款
- recipient,to,payee : person : Who gets the money : 收款人
- amount,sum,value : int(5,9000) : Amount : 金额
-? currency,unit : currency : Currency : 货币
E ~send {2} to {1};~transfer {2} {3} to {1};~pay {1} {2} {3};~wire {2} {3} to {1}
Z ~给{1}转{2}元;~向{1}转账{2} {3};~汇{2} {3}给{1};~转给{1}{2}元
O transaction=code
A {2} was sent to {1}, transaction {transaction}.
B 已向{1}转账{2}，流水号{transaction}。
split_bill,divide_bill | Split a bill between people;Share a bill | 平分账单
- total,bill,amount : num(10,900,2) : Bill : 账单总额
- people,persons,headcount : int(2,12) : Number of people : 人数
E ~split {1} between {2} people;How much does each of {2} people pay for {1}?;~divide a bill of {1} among {2} of us
Z {1}元{2}个人平分，每人多少？;~把{1}元的账单分给{2}个人;{2}个人吃了{1}元，人均多少？
O each=num(1,300,2)
A Each person pays {each}.
B 每人{each}元。
# math
calculator,calculate,compute,evaluate_expression | Evaluate an arithmetic expression;Calculate a formula | 计算算术表达式
- expression,formula,expr : expr : Expression such as 2 * (3 + 4) : 表达式，如 2 * (3 + 4)
E What is {1}?;~calculate {1};~compute {1};How much is {1}?;~work out {1}
Z {1}等于多少？;~计算{1};~算一下{1};{1}是多少？
O result=num(1,99999)
A The result is {result}.;{1} is {result}.
B 结果是{result}。;{1}等于{result}。
convert_units,unit_convert,unit_converter | Convert a value between units;Unit conversion | 单位换算
- value,amount,number : num(1,2000) : Value to convert : 要换算的数值
- from_unit,source_unit,unit_from : unit : Unit of the value : 原单位
- to_unit,target_unit,unit_to : unit : Wanted unit : 目标单位
E ~convert {1} {2} to {3};How many {3} are {1} {2}?;What is {1} {2} in {3}?;~change {1} {2} to {3}
Z {1}{2}等于多少{3}？;~把{1}{2}换算成{3};{1}{2}是多少{3}？;~将{1}{2}转换为{3}
O result=num(1,9000,2)
A {1} {2} is {result} {3}.
B {1}{2}等于{result}{3}。
random_number,roll_number,random_integer | Draw a random whole number;Random number between two limits | 生成随机整数
- low,minimum,min_value : int(0,100) : Smallest possible number : 最小值
- high,maximum,max_value : int(101,5000) : Largest possible number : 最大值
E ~give me a random number between {1} and {2};~pick a number from {1} to {2};~draw a random number from {1} to {2};~choose any number between {1} and {2}
Z ~给我一个{1}到{2}之间的随机数;~在{1}和{2}之间随机选一个数;~生成{1}到{2}的随机数;~从{1}到{2}抽一个数字
O number=int(1,900)
A Your random number is {number}.;I drew {number}.
B 随机数是{number}。;抽到的是{number}。
average,mean,compute_mean | Average of numbers;Compute the mean | 计算平均值
- numbers,values,data : nums : Numbers : 数字列表
E What is the average of {1}?;~find the mean of {1};~average {1}
Z {1}的平均数是多少？;~求{1}的平均值;~计算{1}的均值
O mean=num(1,300,2)
A The average is {mean}.
B 平均值是{mean}。
sum_numbers,add_up,total | Add numbers;Sum of a list | 求和
- numbers,items,values : nums : Numbers to add : 要相加的数
E ~add up {1};What is the sum of {1}?;~total {1}
Z ~把{1}加起来;{1}的总和是多少？;~求{1}的和
O sum=int(10,1500)
A The sum is {sum}.
B 总和是{sum}。
sort_numbers,sort_list,order_values | Sort numbers;Put numbers in order | 给数字排序
- numbers,values,list : nums : Numbers : 数字列表
- order,direction,mode : enum(ascending=升序,descending=降序) : Order : 顺序
E ~sort {1} in {2} order;~put {1} in {2} order;~order these numbers in {2} order: {1}
Z ~把{1}按{2}排列;~将{1}{2}排序;~对{1}做{2}排序
O sorted=nums
A In {2} order: {sorted}.
B {2}结果：{sorted}。
is_prime,check_prime,prime_test | Test whether a number is prime;Prime check | 判断质数
- number,n,value : int(2,99999) : Number to test : 要判断的数
E Is {1} a prime number?;~check if {1} is prime;~test whether {1} is prime
Z {1}是质数吗？;~判断{1}是不是质数;~检查{1}是否为素数
O answer=enum(yes=是,no=不是)
A Is {1} prime? The answer is {answer}.
B {1}{answer}质数。
factor_number,prime_factors | Prime factors of a number;Factorise a number | 分解质因数
- n,number,integer : int(4,99999) : Whole number : 整数
E What are the prime factors of {1}?;~factorise {1};~break {1} into prime factors
Z {1}的质因数有哪些？;~分解{1}的质因数;~把{1}质因数分解
O factors=nums
A The prime factors of {1} are {factors}.
B {1}的质因数是{factors}。
circle_area,area_of_circle | Area of a circle;Compute a circle's area | 计算圆的面积
- radius,r,circle_radius : num(1,200) : Radius : 半径
E What is the area of a circle with radius {1}?;~compute the area of a circle of radius {1};How large is a circle whose radius is {1}?
Z 半径为{1}的圆面积是多少？;~计算半径{1}的圆的面积;圆的半径是{1}，面积多大？
O area=num(3,90000,2)
A The area is {area}.
B 面积是{area}。
rectangle_area,area_of_rectangle | Area of a rectangle;Multiply the two sides of a rectangle | 计算矩形面积
- width,side_a,w : num(1,300) : Width : 宽
- height,side_b,h : num(1,300) : Height : 高
E What is the area of a rectangle {1} wide and {2} high?;~compute the area of a rectangle with width {1} and height {2};How big is a rectangle of width {1} and height {2}?
Z 宽{1}高{2}的矩形面积是多少？;~计算宽为{1}、高为{2}的长方形面积;长方形宽{1}，高{2}，面积多大？
O area=num(3,90000,1)
A The area is {area}.
B 面积是{area}。
solve_equation,equation_solver | Solve a linear equation a*x + b = c;Find x in a*x + b = c | 解一元一次方程 a*x + b = c
- a,coefficient,factor : int(2,40) : Factor of x : x 的系数
- b,constant,offset : int(1,90) : Added constant : 常数项
- c,result_value,right_side : int(1,300) : Right side : 等号右边
E ~solve {1}x + {2} = {3};What is x if {1}x + {2} = {3}?;~find x in {1}x + {2} = {3}
Z ~解方程{1}x + {2} = {3};{1}x + {2} = {3}，x等于多少？;~求{1}x + {2} = {3}的解
O x=num(-50,100,2)
A x is {x}.
B x = {x}。
convert_base,base_conversion,to_base | Write a number in another base;Convert a number to a base | 进制转换
- number,n,value : int(2,9999) : Decimal number : 十进制数
- base,radix,target_base : int(2,36) : Base : 进制
E ~write {1} in base {2};What is {1} in base {2}?;~convert {1} to base {2}
Z ~把{1}转换成{2}进制;{1}的{2}进制是多少？;~将{1}用{2}进制表示
O digits=code
A In base {2}, {1} is {digits}.
B {1}的{2}进制是{digits}。
roll_dice,throw_dice,dice_roll | Roll dice;Throw some dice | 掷骰子
- sides,faces,die_sides : int(4,100) : Sides of a die : 骰子面数
-? count,dice,number_of_dice : int(2,10) : How many dice : 骰子个数
E ~roll a die with {1} sides;~roll {2} dice with {1} sides;~throw {2} dice of {1} sides;~throw one {1} sided die
Z ~掷一个{1}面的骰子;~掷{2}个{1}面骰子;~扔{2}个{1}面的骰子
O total=int(1,60)
A The dice show {total}.
B 掷出了{total}点。
flip_coin,coin_toss | Flip coins;Toss a coin several times | 抛硬币
- times,flips,count : int(1,50) : Number of flips : 次数
E ~flip a coin {1} times;~toss a coin {1} times;~throw a coin {1} times
Z ~抛{1}次硬币;~掷硬币{1}次;~扔{1}次硬币
O heads=int(0,25)
A Heads came up {heads} times.
B 正面出现了{heads}次。
percentage,percent_of | Percentage of a number;Take a percentage | 计算百分比
- percent,p,rate : num(1,99) : Percent : 百分数
- number,of,base_value : num(10,9000) : Number : 数值
E What is {1}% of {2}?;~compute {1} percent of {2};How much is {1} percent of {2}?
Z {2}的{1}%是多少？;~计算{2}的百分之{1};百分之{1}的{2}等于多少？
O result=num(1,3000,2)
A {1}% of {2} is {result}.
B {2}的{1}%是{result}。
bmi_calculator,body_mass_index,compute_bmi | Body mass index;Compute BMI from weight and height | 计算体重指数 BMI
- weight,weight_kg,mass : num(40,130,1) : Weight in kg : 体重（千克）
- height,height_cm,body_height : int(145,205) : Height in cm : 身高（厘米）
E What is my BMI at {1} kg and {2} cm?;~compute the BMI for {1} kg and {2} cm;I weigh {1} kg and am {2} cm tall. What's my BMI?
Z 我{1}公斤，{2}厘米，BMI是多少？;~计算体重{1}公斤、身高{2}厘米的BMI;身高{2}厘米体重{1}公斤，体重指数多少？
O bmi=num(17,38,1)
A Your BMI is {bmi}.
B 您的BMI是{bmi}。
# words
lookup_word,dictionary,define_word,almanac | Look up a word;Definition of a word | 查询词语解释;查词典
- word,term,entry : word : Word to look up : 要查询的词
E What does "{1}" mean?;~define {1};~look up the word {1};~give me the meaning of {1};~look up "{1}"
Z “{1}”是什么意思？;~查一下“{1}”这个词;~解释一下“{1}”;~查词：{1}
O definition=gloss
A {1}: {definition}.;The word "{1}" means: {definition}.
B “{1}”的意思是{definition}。
get_synonyms,synonyms,thesaurus | Words with the same meaning;Synonyms of a word | 查询近义词
- word,term,of_word : word : Word : 词语
E What is another word for {1}?;~list synonyms of {1};~find synonyms for "{1}"
Z {1}的近义词有哪些？;~查“{1}”的近义词;和“{1}”意思相近的词有哪些？
O synonyms=list(word)
A Synonyms of {1} are {synonyms}.
B “{1}”的近义词有{synonyms}。
find_rhymes,rhyme_finder | Words that rhyme;Find rhymes for a word | 查找押韵的词
- word,rhyme_with,target : word : Word to rhyme with : 要押韵的词
-? max_results,count,how_many : int(2,20) : How many : 数量
E What rhymes with {1}?;~find {2} rhymes for {1};~list {2} words that rhyme with {1}
Z 什么词和“{1}”押韵？;~找{2}个和“{1}”押韵的词;~列出{2}个与“{1}”押韵的词
O rhymes=list(word)
A {rhymes} rhyme with {1}.
B 与“{1}”押韵的有{rhymes}。
translate_text,translate,translation | Translate a text;Translate into another language | 翻译文本
- text,sentence,source_text : text : Text to translate : 要翻译的文本
- target_language,language,to_lang : language : Language to translate into : 目标语言
E ~translate "{1}" into {2};How do you say "{1}" in {2}?;~put "{1}" into {2}
Z ~把“{1}”翻译成{2};“{1}”用{2}怎么说？;~将“{1}”译为{2}
O translation=name
A In {2}: {translation}
B {2}译文：{translation}
detect_language,language_detect | Detect the language of a text;Find out which language a text is in | 检测文本语言
- text,input_text,sample : text : Text : 文本
E Which language is "{1}"?;~detect the language of "{1}";What language is this: "{1}"?
Z “{1}”是什么语言？;~检测“{1}”的语言;~判断“{1}”属于哪种语言
O language=language
A The text is in {language}.
B 这段文字是{language}。
count_words,word_count | Count the words of a text;Word counter | 统计字数
- text,content,passage : text : Text to count : 要统计的文本
E How many words are in "{1}"?;~count the words in "{1}";~tell me the word count of "{1}"
Z “{1}”有多少字？;~统计“{1}”的字数;~数一下“{1}”有几个字
O count=int(2,12)
A It has {count} words.
B 共有{count}个字。
reverse_text,reverse_string | Reverse a text;Turn a string around | 反转文本
- text,string,input : word : Text : 文本
E ~reverse the word {1};~write {1} backwards;~turn "{1}" around
Z ~把“{1}”倒过来;~反转“{1}”;~将“{1}”反过来写
O reversed=name
A Backwards it reads {reversed}.
B 反过来是{reversed}。
change_case,text_case | Change the case of letters;Convert text to upper or lower case | 转换大小写
- text,string,phrase : title : Text : 文本
- mode,case,style : enum(upper=大写,lower=小写,title=首字母大写) : New case : 大小写方式
E ~change "{1}" to {2} case;~write "{1}" in {2} case;~convert "{1}" into {2} case
Z ~把“{1}”变成{2};~将“{1}”转为{2};~用{2}写“{1}”
O text=title
A Here it is: {text}
B 结果：{text}
check_spelling,spell_check | Check the spelling;Find spelling errors | 检查拼写
- text,sentence : text : Text to check : 要检查的文本
-? language,lang : language : Language of the text : 文本语言
E ~check the spelling of "{1}";Is "{1}" spelled right in {2}?;~spell check "{1}"
Z ~检查“{1}”的拼写;“{1}”在{2}里拼写对吗？;~看看“{1}”有没有错别字
O errors=int(0,4)
A I found {errors} spelling errors.
B 发现{errors}处错误。
summarize_text,summarize,make_summary | Summarise a document;Make a summary | 总结文档
- file_name,document,path : file : File to summarise : 要总结的文件
-? sentences,max_sentences,length : int(1,9) : Number of sentences : 句数
E ~summarize {1} in {2} sentences;~give me a summary of {1};~sum up {1} in {2} sentences
Z ~用{2}句话总结{1};~总结一下{1};~把{1}概括成{2}句话
O summary=text
A Summary of {1}: {summary}.
B {1}摘要：{summary}。
generate_password,make_password,new_password | Make a random password;Generate a password | 生成随机密码
- length,size,chars : int(6,40) : Number of characters : 字符数
-? symbols,use_symbols,with_symbols : bool(with symbols=包含符号,without symbols=不含符号) : Whether to use symbols : 是否包含符号
E ~make a password with {1} characters;~generate a password of length {1} {2};~create a {1} character password {2};~give me a password of {1} characters
Z ~生成一个{1}位的密码;~生成{1}位密码，{2};~给我一个{1}位密码，{2}
O password=code
A Your password is {password}
B 密码是{password}
# messages
send_email,email,mail_send,compose_email | Send an e-mail;Write and send an e-mail | 发送电子邮件
- to,recipient,address : email : Address of the receiver : 收件人地址
- subject,title,topic_line : title : Subject line : 主题
-? body,content,message : text : Text of the mail : 正文
E ~send an email to {1} with the subject "{2}";~write to {1}, subject "{2}", body "{3}";~email {1} about "{2}": {3};~send "{3}" to {1} with the subject "{2}"
Z ~给{1}发邮件，主题是“{2}”;~发邮件到{1}，主题“{2}”，内容“{3}”;~写邮件给{1}，标题“{2}”，正文“{3}”
A The mail "{2}" is on its way to {1}.
B 主题为“{2}”的邮件已发送给{1}。
send_sms,text_message,send_text | Send a text message to a phone;Send an SMS | 发送短信
- phone,number,phone_number : phone : Phone number : 手机号码
- message,text,body : text : Message : 短信内容
E ~text {1}: {2};~send an SMS to {1} saying "{2}";~message {1} with "{2}"
Z ~给{1}发短信：{2};~发短信到{1}，内容“{2}”;~给号码{1}发“{2}”
A Your message to {1} was sent.
B 短信已发送到{1}。
send_message,chat_message,message_contact | Send a chat message to a person;Message a contact | 给联系人发消息
- contact,recipient,person : person : Who gets it : 联系人
- text,message,content : text : Text : 消息内容
E ~tell {1}: {2};~send {1} the message "{2}";~write {1} a message: {2}
Z ~告诉{1}：{2};~给{1}发消息“{2}”;~发消息给{1}：{2}
A I sent your message to {1}.
B 消息已发给{1}。
call_contact,phone_call,make_call | Call a person;Start a phone call | 打电话
- name,contact,person : person : Person to call : 联系人
E ~call {1};~phone {1};~ring {1} now
Z ~打电话给{1};~给{1}打电话;~呼叫{1}
A I am calling {1}.
B 正在呼叫{1}。
find_contact,lookup_contact,get_phone_number | Find a contact's phone number;Look up a contact | 查找联系人电话
- name,person,contact_name : person : Name : 姓名
E What is {1}'s phone number?;~find the number of {1};~look up {1} in my contacts
Z {1}的电话是多少？;~查{1}的手机号;~在通讯录里找{1}
O phone=phone
A {1}'s number is {phone}.
B {1}的电话是{phone}。
search_mail,find_email | Search the mailbox;Find e-mails | 搜索邮箱
- query,keyword,search_text : topic : Words to find : 关键词
-? sender,from_address,author : email : Who sent it : 发件人
E ~find mails about {1};~search my inbox for {1} from {2};Is there an email from {2} about {1}?
Z ~找关于{1}的邮件;~在邮箱里搜{2}发来的{1}邮件;{2}发过关于{1}的邮件吗？
O matches=int(0,40)
A I found {matches} mails about {1}.
B 找到{matches}封关于{1}的邮件。
# notes
create_note,save_note,add_note,write_note | Save a note;Create a note | 保存笔记;新建笔记
- text,content,note : text : Text of the note : 笔记内容
-? title,heading,name : title : Title : 标题
E ~make a note: {1};~save the note "{1}" under "{2}";~write down "{1}" with the title "{2}";~note down: {1}
Z ~记一下：{1};~保存笔记“{1}”，标题“{2}”;~写一条笔记：{1}
O id=code
A Your note is saved as {id}.
B 笔记已保存，编号{id}。
search_notes,find_note | Search notes;Find notes by keyword | 搜索笔记
- keyword,query,term : topic : Keyword : 关键词
E ~find my notes on {1};Do I have notes about {1}?;~search my notes for {1}
Z ~找我关于{1}的笔记;我有{1}的笔记吗？;~在笔记里搜{1}
O found=int(0,30)
A There are {found} notes about {1}.
B 有{found}条关于{1}的笔记。
add_todo,create_task,new_task,todo_add | Add a task to the list;Create a to-do item | 添加待办事项
- task,item,description : text : Task : 任务内容
-? priority,importance,level : enum(low=低,medium=中,high=高) : Priority : 优先级
-? due,due_date,deadline : date : Due date : 截止日期
E ~add "{1}" to my tasks;~add the task "{1}" with {2} priority;~create a task "{1}" due {3};~put "{1}" on my list with {2} priority
Z ~把“{1}”加入待办;~添加待办“{1}”，优先级{2};~新建任务“{1}”，截止{3};~加一条待办：“{1}”
O task_id=code
A The task is on your list as {task_id}.
B 待办已添加，编号{task_id}。
complete_task,finish_task,mark_done | Mark a task as done;Complete a task | 完成任务
- task_id,id,task_number : code : Id of the task : 任务编号
E ~mark task {1} as done;I finished task {1}.;~complete task {1}
Z ~把任务{1}标记为完成;任务{1}我做完了。;~完成任务{1}
A Task {1} is marked as done.
B 任务{1}已完成。
add_to_list,shopping_list_add,add_items | Add items to a shopping list;Put things on the shopping list | 把物品加入购物清单
- items,products,things : list(food) : Items : 物品
E ~add {1} to the shopping list;~put {1} on my shopping list;We need {1}. Add them to the list.
Z ~把{1}加到购物清单;购物清单里加上{1};家里需要{1}，加到清单里。
A I added {1} to the list.
B 已把{1}加入清单。
# files
read_file,open_file,get_file,view_file | Read a file;Show the text of a file | 读取文件内容
- path,file_name,file : file : File name : 文件名
E What is in {1}?;~open the file {1};~show me {1};~read {1}
Z {1}里写了什么？;~打开文件{1};~读取{1}的内容
O content=text
A {1} says: {content}
B {1}的内容是：{content}
write_file,save_file,create_file | Write text to a file;Create a file | 写入文件
- path,filename,file : file : File : 文件名
- content,text,data : text : Text to write : 要写入的内容
E ~write "{2}" to {1};~save "{2}" as {1};~create {1} with the text "{2}"
Z ~把“{2}”写入{1};~将“{2}”保存为{1};~创建{1}，内容是“{2}”
A {1} is saved.
B 已保存{1}。
delete_file,remove_file,erase_file | Delete a file;Remove a file | 删除文件
- path,file,name : file : File to delete : 要删除的文件
E ~delete {1};~remove the file {1};~erase {1}
Z ~删除{1};~把文件{1}删掉;~移除{1}
A {1} is deleted.
B {1}已删除。
rename_file,move_file | Rename a file;Give a file a new name | 重命名文件
- old_name,source,from_path : file : Present name : 原文件名
- new_name,destination,to_path : file : New name : 新文件名
E ~rename {1} to {2};~change the name of {1} to {2};~move {1} to {2}
Z ~把{1}重命名为{2};~将{1}改名为{2};~把文件{1}改成{2}
A {1} is now called {2}.
B {1}已改名为{2}。
list_files,list_directory,ls | List the files in a folder;Show a folder | 列出文件夹中的文件
- folder,directory,path : word : Folder : 文件夹
E Which files are in the folder {1}?;~list the files in {1};~show the contents of the folder {1}
Z 文件夹“{1}”里有哪些文件？;~列出“{1}”中的文件;~查看“{1}”文件夹
O files=list(file)
A The folder has {files}.
B 里面有{files}。
convert_file,file_convert | Convert a file to another format;Change a file's format | 转换文件格式
- file,path,input_file : file : File : 文件
- format,target_format,to_format : enum(pdf=pdf,docx=docx,csv=csv,html=html,png=png) : New format : 目标格式
E ~convert {1} to {2};~turn {1} into {2};~save {1} in {2} format
Z ~把{1}转换成{2};~将{1}转为{2}格式;~把{1}存成{2}格式
O output=file
A The new file is {output}.
B 新文件是{output}。
compress_files,zip_files,make_archive | Pack files into an archive;Compress files | 压缩文件
- files,paths,inputs : list(file) : Files to pack : 要压缩的文件
E ~compress {1};~zip {1};~pack {1} into an archive
Z ~压缩{1};~把{1}打包;~将{1}压缩成一个文件
O archive=name
A The archive is called {archive}.
B 压缩包名为{archive}。
# search
web_search,search_web,internet_search | Search the web;Look something up online | 搜索互联网
- query,q,search_terms : topic : What to search : 搜索内容
-? num_results,count,top_k : int(2,20) : Number of results : 结果数量
E ~search the web for {1};~find {2} pages about {1};~look online for {1};~search for {1} and show {2} results
Z ~在网上搜{1};~搜索{1}，给我{2}条结果;~上网查{1}
O title=title url=url
A The best result for {1} is {title}: {url}
B 关于{1}的首条结果是{title}：{url}
search_wikipedia,wiki,encyclopedia | Look up a topic in an encyclopedia;Encyclopedia article | 查询百科
- topic,title,subject : topic : Topic : 主题
E What does the encyclopedia say about {1}?;~look up {1} in the encyclopedia;~get the encyclopedia article on {1}
Z 百科里怎么介绍{1}？;~查{1}的百科;~在百科中查找{1}
O summary=text
A The article on {1} says: {summary}.
B 百科中{1}的介绍：{summary}。
get_news,latest_news,news_search,headlines | Latest news on a topic;Get headlines | 获取某主题的新闻
- topic,keyword,about : topic : Topic : 主题
-? count,limit,max_items : int(2,10) : Number of headlines : 条数
E What's new about {1}?;~get {2} headlines on {1};~show me the latest news about {1};~find {2} news stories on {1}
Z {1}有什么新闻？;~给我{2}条关于{1}的新闻;~看看{1}的最新消息
O headline=title
A The latest headline on {1}: {headline}.
B {1}最新消息：{headline}。
search_papers,find_papers,arxiv_search | Search scientific papers;Find research articles | 搜索论文
- topic,keywords,query : topic : Topic : 主题
-? year,since,from_year : int(1990,2025) : Earliest year : 起始年份
-? author,written_by : person : Author : 作者
E ~find papers about {1};~find papers on {1} since {2};~search for articles by {3} on {1};Are there papers on {1} after {2}?
Z ~找关于{1}的论文;~查{2}年以来{1}的论文;~搜索{3}写的{1}论文;有没有{2}年后的{1}论文？
O title=title
A I found the paper "{title}".
B 找到论文《{title}》。
"""

SEEN: Sequence[Intent] = tuple(intent for text in (_CATALOGUE, MORE, family_catalogue()) for intent in parse(text))
"""All tools of training."""
