-- Publishes the list of all providers' models, unless one is there that will last for a while. KEYS: control, sync marker, the list.
-- ARGV: what is known of control, the epoch that it was read under, its lifetime in ms, what is left of a list that is good enough,
-- the text. Gives a word, control, and whether that was healed.

local e, control = lift(KEYS[1])
if e ~= tonumber(ARGV[4]) then return { 'epoch-moved', control, healed } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'backend-syncing', control, healed } end
if redis.call('PTTL', KEYS[3]) > tonumber(ARGV[6]) then return { 'newer-there', control, healed } end
redis.call('SET', KEYS[3], ARGV[7], 'PX', ARGV[5])
return { 'published', control, healed }
