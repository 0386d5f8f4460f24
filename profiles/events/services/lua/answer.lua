-- Write a shopper's consents, and for a shopper without history that nothing is missing.
-- KEYS: 1 sums
-- ARGV: 1 shopper id, 2 consents, 3 seconds a profile is kept, 4 1 if the shopper is new
redis.call('HSET', KEYS[1], '!id', ARGV[1], '!k', ARGV[2])
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], '!w', 1) end
redis.call('HINCRBY', KEYS[1], '!v', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
