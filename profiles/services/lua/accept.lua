-- Accept events of one shopper: what is new goes into the stream and into the online sums, at once.
-- KEYS: 1 sums, 2 variants, 3 stream, 4 rate counter
-- ARGV: 1 events as JSON: [[id, record, {sums}, {variants}, {highs}, {lows}], ...]; an empty record
--       is not put into the stream (it is in the table already)
--       2 seen prefix, 3 seconds ids are remembered, 4 most events a minute (0: no limit),
--       5 seconds a profile is kept, 6 shopper id
-- Returns {1 if the history is complete, positions of the new events...}, or {-1} over the limit.
local events = cjson.decode(ARGV[1])
local limit = tonumber(ARGV[4])
if limit > 0 then
    local count = redis.call('INCRBY', KEYS[4], #events)
    redis.call('EXPIRE', KEYS[4], 120)
    if count > limit then return {-1} end
end

local function merge(target, source, combine)
    for field, value in pairs(source) do
        local known = target[field]
        if known then target[field] = combine(known, value) else target[field] = value end
    end
end
local function plus(a, b) return a + b end

-- One HMGET and one HSET per hash: far cheaper than a command per field. %.17g keeps doubles exact.
local function apply(key, changes, combine)
    local fields = {}
    for field in pairs(changes) do fields[#fields + 1] = field end
    for first = 1, #fields, 1000 do
        local last = math.min(first + 999, #fields)
        local known = redis.call('HMGET', key, unpack(fields, first, last))
        local words = {}
        for i = first, last do
            local before, value = known[i - first + 1], changes[fields[i]]
            if before then value = combine(tonumber(before), value) end
            words[#words + 1] = fields[i]
            words[#words + 1] = string.format('%.17g', value)
        end
        redis.call('HSET', key, unpack(words))
    end
end

local answer = {1}
local sums, variants, highs, lows = {}, {}, {}, {}
for position, event in ipairs(events) do
    if redis.call('SET', ARGV[2] .. event[1], '1', 'NX', 'EX', ARGV[3]) then
        if event[2] ~= '' then redis.call('XADD', KEYS[3], '*', 'e', event[2]) end
        merge(sums, event[3], plus)
        merge(variants, event[4], plus)
        merge(highs, event[5], math.max)
        merge(lows, event[6], math.min)
        answer[#answer + 1] = position
    end
end
if #answer > 1 then
    apply(KEYS[1], sums, plus)
    apply(KEYS[1], highs, math.max)
    apply(KEYS[1], lows, math.min)
    apply(KEYS[2], variants, plus)
    redis.call('HSET', KEYS[1], '!id', ARGV[6])
    redis.call('HINCRBY', KEYS[1], '!v', 1)
    redis.call('EXPIRE', KEYS[1], ARGV[5])
    redis.call('EXPIRE', KEYS[2], ARGV[5])
end
if redis.call('HGET', KEYS[1], '!w') ~= '1' then answer[1] = 0 end
return answer
