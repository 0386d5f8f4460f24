-- Replace a shopper's online profile by one rebuilt from the table, unless it changed meanwhile.
-- KEYS: 1 sums, 2 variants
-- ARGV: 1 version seen before the table was read, 2 shopper id, 3 consents,
--       4 seconds a profile is kept, 5 seen prefix, 6 seconds ids are remembered,
--       7 how many words of sums follow, 8 how many words of variants, then the words (field,
--       value, field, value ...), then the ids that are in the sums
-- Returns 1, or 0 if an event or an answer came in between: read again.
local version = redis.call('HGET', KEYS[1], '!v') or '0'
if version ~= ARGV[1] then return 0 end

local function write(key, first, count)
    local stop = first + count - 1
    for start = first, stop, 2000 do
        redis.call('HSET', key, unpack(ARGV, start, math.min(start + 1999, stop)))
    end
end

local sums, variants = tonumber(ARGV[7]), tonumber(ARGV[8])
redis.call('DEL', KEYS[1], KEYS[2])
write(KEYS[1], 9, sums)
write(KEYS[2], 9 + sums, variants)
redis.call('HSET', KEYS[1], '!v', tonumber(version) + 1, '!w', 1, '!id', ARGV[2], '!k', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
-- A row that is in these sums must not be added once more by a late messenger.
for position = 9 + sums + variants, #ARGV do
    redis.call('SET', ARGV[5] .. ARGV[position], '1', 'EX', ARGV[6])
end
return 1
