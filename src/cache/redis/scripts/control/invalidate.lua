-- An invalidation: unlinks every value, then raises, and notes that. KEYS: control, the list of operations, values. ARGV: what is known
-- of control, 1 for a hard one, how many operations are kept, the note with EPOCH and COUNT where these belong. Unlinking comes first:
-- a full Redis refuses a script whose first write takes room. Gives how many keys there were, control, and whether that was healed.

local count = 0
for i = 3, #KEYS, 500 do
  count = count + redis.call('UNLINK', unpack(KEYS, i, math.min(i + 499, #KEYS)))
end

local e, b, t = known(KEYS[1])
local now = milliseconds()
e = math.max(e + 1, now)
if ARGV[4] == '1' then b, t = e, now end
local control = control_text(e, b, t)
redis.call('SET', KEYS[1], control)
local note = string.gsub(ARGV[6], 'EPOCH', string.format('%.0f', e))
note = string.gsub(note, 'COUNT', string.format('%.0f', count))
note_operation(KEYS[2], ARGV[5], note, '')
return { count, control, healed }
