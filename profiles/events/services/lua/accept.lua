-- Accept events of one shopper: what is new goes into the stream and into the online sums, at once.
-- KEYS: 1 sums, 2 variants, 3 stream, 4 rate counter
-- ARGV: 1 what all events together add, as JSON: [{sums}, {variants}, {highs}, {lows}]
--       2 what each adds, as a JSON list of the same; read only if some event is not new
--       3 seen prefix, 4 seconds ids are remembered, 5 most events a minute (0: no limit),
--       6 seconds a profile is kept, 7 shopper id, then for each event its id and its record; an
--       empty record is not put into the stream (it is in the table already)
-- Returns {1 if the history is complete, positions of the new events...}, or {-1} over the limit.
local first = 8
local count = (#ARGV - first + 1) / 2
local limit = tonumber(ARGV[5])
if limit > 0 then
    local made = redis.call('INCRBY', KEYS[4], count)
    redis.call('EXPIRE', KEYS[4], 120)
    if made > limit then return {-1} end
end

local function plus(a, b) return a + b end
local combine = {plus, plus, math.max, math.min}
local keys = {KEYS[1], KEYS[2], KEYS[1], KEYS[1]}

local function merge(target, source, join)
    for field, value in pairs(source) do
        local known = target[field]
        if known then target[field] = join(known, value) else target[field] = value end
    end
end

-- One HMGET and one HSET per hash: far cheaper than a command per field. %.17g keeps doubles exact.
local function apply(key, changes, join)
    local fields = {}
    for field in pairs(changes) do fields[#fields + 1] = field end
    for start = 1, #fields, 1000 do
        local stop = math.min(start + 999, #fields)
        local known = redis.call('HMGET', key, unpack(fields, start, stop))
        local words = {}
        for i = start, stop do
            local before, value = known[i - start + 1], changes[fields[i]]
            if before then value = join(tonumber(before), value) end
            words[#words + 1] = fields[i]
            words[#words + 1] = string.format('%.17g', value)
        end
        redis.call('HSET', key, unpack(words))
    end
end

local answer = {1}
for position = 1, count do
    local at = first + (position - 1) * 2
    if redis.call('SET', ARGV[3] .. ARGV[at], '1', 'NX', 'EX', ARGV[4]) then
        if ARGV[at + 1] ~= '' then redis.call('XADD', KEYS[3], '*', 'e', ARGV[at + 1]) end
        answer[#answer + 1] = position
    end
end
if #answer > 1 then
    local changes
    if #answer - 1 == count then
        changes = cjson.decode(ARGV[1])
    else
        changes = {{}, {}, {}, {}}
        local each = cjson.decode(ARGV[2])
        for i = 2, #answer do
            for part = 1, 4 do merge(changes[part], each[answer[i]][part], combine[part]) end
        end
    end
    for part = 1, 4 do apply(keys[part], changes[part], combine[part]) end
    redis.call('HSET', KEYS[1], '!id', ARGV[7])
    redis.call('HINCRBY', KEYS[1], '!v', 1)
    redis.call('EXPIRE', KEYS[1], ARGV[6])
    redis.call('EXPIRE', KEYS[2], ARGV[6])
end
if redis.call('HGET', KEYS[1], '!w') ~= '1' then answer[1] = 0 end
return answer
