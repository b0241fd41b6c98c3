-- Adds to counters. KEYS: a hash. ARGV: names and numbers. What is no number is set anew, and what is no hash is replaced. A name
-- that begins with @ is a time, and is set.

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
for i = 1, #ARGV, 2 do
  if string.sub(ARGV[i], 1, 1) == '@' then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  else
    local added = redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
    if type(added) == 'table' then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
  end
end
return #ARGV / 2
