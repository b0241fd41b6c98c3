-- Reads counters and how sources stand where that is written: a copy that is behind does not answer a script that may write, and a
-- counter must not fall. KEYS: a hash, and those of sources.

local counters = {}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then counters = redis.call('HGETALL', KEYS[1]) end
return { counters, standing(2) }
