-- Replace a shopper's online profile by one rebuilt from the table, unless it changed meanwhile.
-- KEYS: 1 sums, 2 variants
-- ARGV: 1 version seen before the table was read, 2 sums as JSON, 3 variants as JSON,
--       4 seen prefix, 5 seconds ids are remembered, 6 ids in the sums as JSON,
--       7 seconds a profile is kept, 8 shopper id, 9 consents
-- Returns 1, or 0 if an event or an answer came in between: read again.
local version = redis.call('HGET', KEYS[1], '!v') or '0'
if version ~= ARGV[1] then return 0 end

local function write(key, values)
    local words = {}
    for field, value in pairs(values) do
        words[#words + 1] = field
        words[#words + 1] = string.format('%.17g', value)
        if #words >= 2000 then
            redis.call('HSET', key, unpack(words))
            words = {}
        end
    end
    if #words > 0 then redis.call('HSET', key, unpack(words)) end
end

redis.call('DEL', KEYS[1], KEYS[2])
write(KEYS[1], cjson.decode(ARGV[2]))
write(KEYS[2], cjson.decode(ARGV[3]))
redis.call('HSET', KEYS[1], '!v', tonumber(version) + 1, '!w', 1, '!id', ARGV[8], '!k', ARGV[9])
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('EXPIRE', KEYS[2], ARGV[7])
-- A row that is in these sums must not be added once more by a late messenger.
for _, id in ipairs(cjson.decode(ARGV[6])) do
    redis.call('SET', ARGV[4] .. id, '1', 'EX', ARGV[5])
end
return 1
