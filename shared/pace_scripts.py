"""The Redis side of the pace: three scripts over sorted sets, one score per send. It never waits and never sends."""

# A send in flight has a score in the future (its lease) and counts until it is settled; then it counts for its window.
# KEYS: epoch, slow, hurry, then one zset per limit. ARGV: token, lease_us, epoch known to the caller, name for a new
# epoch, the epoch that ends with this question ('': none), how long a new one holds in us, cold_us, 1 for an answer to
# a person, places the others leave free while one waits, how long in ms, how far ahead a place may be given in us; then
# per limit, that of all chats first: window_us, max, max in an epoch's cold time, 1 if halved for a slow
# chat, after how many sends the rest is spread over the window (0: never): each a step after the newest, so that a busy
# group is never silent for long. In a crowd, by the oldest: whoever queues for two seconds would get ten of fifteen.
# An epoch is name:begun_us:hold_us, and its first minute is cold.
# Returns {microseconds, the epoch, what}: what = 0 go in so many microseconds; 1 all chats, 2 this one's limit or the
# pause of a new epoch says to wait for so many; -1 other epoch: push your log first. A place ahead is only given where
# the sends that stand in the way are settled: when they leave the window is known then, to the microsecond.
RESERVE = """
local t = redis.call('TIME'); local now = t[1] * 1000000 + t[2]
local epoch = redis.call('GET', KEYS[1]) or ''
local begun, hold = string.match(epoch, ':(%d+):(%d+)$')
if not begun or epoch == ARGV[5] then
  epoch = string.format('%s:%.0f:%s', ARGV[4], now, ARGV[6])
  redis.call('SET', KEYS[1], epoch)
end
redis.call('EXPIRE', KEYS[1], 86400)
if epoch ~= ARGV[3] then return {0, epoch, -1} end
local age = now - tonumber(begun)
local wait = math.max(0, tonumber(hold) - age)
local why, ahead = 2, tonumber(ARGV[11])
if wait > 0 then ahead = 0 end
local slow, crowd = redis.call('EXISTS', KEYS[2]) == 1, false
for i = 4, #KEYS do
  local a = 5 * (i - 4) + 12
  local win, max = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
  if i == 4 and ARGV[8] == '0' and redis.call('EXISTS', KEYS[3]) == 1 then max = max - tonumber(ARGV[9]) end
  if age < tonumber(ARGV[7]) then max = math.min(max, tonumber(ARGV[a + 2])) end
  if slow and ARGV[a + 3] == '1' then max = math.max(1, math.floor(max / 2)) end
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - win)
  local count = redis.call('ZCARD', KEYS[i])
  if i == 4 then crowd = 2 * count >= max end
  if count >= max then
    local e = redis.call('ZRANGE', KEYS[i], count - max, count - max, 'WITHSCORES')
    local w = tonumber(e[2]) + win - now
    if tonumber(e[2]) > now then w = math.min(w, 50000); ahead = 0 end
    if w > wait then wait = w; why = math.min(i - 3, 2) end
    if i == 4 and ARGV[8] == '1' then redis.call('SET', KEYS[3], 1, 'PX', ARGV[10]) end
  elseif tonumber(ARGV[a + 4]) > 0 and count >= tonumber(ARGV[a + 4]) then
    local newest, step = tonumber(redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')[2]), win / max
    local w = math.min(newest, now) + step - now
    if crowd then
      local oldest = tonumber(redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2])
      w = math.max(oldest + (count + 1 - tonumber(ARGV[a + 4])) * step - now, w - step / 2)
    end
    if w > wait then wait = w; why = 2 end
  end
end
if wait > ahead then return {math.ceil(wait), epoch, why} end
for i = 4, #KEYS do
  redis.call('ZADD', KEYS[i], now + tonumber(ARGV[2]), ARGV[1])
  redis.call('PEXPIRE', KEYS[i], math.ceil((tonumber(ARGV[5 * (i - 4) + 12]) + tonumber(ARGV[2])) / 1000) + 1000)
end
return {math.ceil(wait), epoch, 0}
"""

# KEYS: one zset per ARGV triple: the token of a slot, what the send is called from now on, microseconds from now
# (negative: past) or 'gone'. Last: the expiry in ms. The time is Redis' own: later than Telegram's, so never too early.
# A send that Redis was told of before, or forgot, counts once: it goes by one name, whoever tells of it.
PUSH = """
local t = redis.call('TIME'); local now = t[1] * 1000000 + t[2]
for i = 1, #KEYS do
  local token, called, shift = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  if token ~= called or shift == 'gone' then redis.call('ZREM', KEYS[i], token) end
  if shift ~= 'gone' then
    redis.call('ZADD', KEYS[i], now + tonumber(shift), called)
    redis.call('PEXPIRE', KEYS[i], ARGV[#ARGV])
  end
end
return 0
"""

# KEYS: strikes, slow. ARGV: seconds two strikes may lie apart, seconds of slowness. Returns 1 when slowed.
SLOW_DOWN = """
local strikes = redis.call('INCR', KEYS[1])
if strikes == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
if strikes < 2 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], 1, 'EX', ARGV[2])
return 1
"""
