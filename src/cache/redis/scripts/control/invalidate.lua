-- An invalidation: unlinks every value, then raises. KEYS: control, values. ARGV: what is known of control, 1 for a hard one.
-- Unlinking comes first: a full Redis refuses a script whose first write takes room. Gives how many keys there were, control,
-- and whether that was healed.

local count = 0
for i = 2, #KEYS, 500 do
  count = count + redis.call('UNLINK', unpack(KEYS, i, math.min(i + 499, #KEYS)))
end

local e, b, t = known(KEYS[1])
local now = milliseconds()
e = math.max(e + 1, now)
if ARGV[4] == '1' then b, t = e, now end
local control = control_text(e, b, t)
redis.call('SET', KEYS[1], control)
return { count, control, healed }
