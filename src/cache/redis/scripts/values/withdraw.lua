-- Withdraws one source: unlinks its values, and leaves a version that says so. KEYS: control, version, values. ARGV: what is known
-- of control, the version with AT and EPOCH where its time and its epoch belong, for how many ms that is remembered. Unlinking
-- comes first, as in an invalidation. Gives how many keys there were, control, whether that was healed, and the version.

local count = 0
for i = 3, #KEYS, 500 do
  count = count + redis.call('UNLINK', unpack(KEYS, i, math.min(i + 499, #KEYS)))
end

local e, control = lift(KEYS[1])
local there = read_version(text_of(KEYS[2]))
local now = milliseconds()
local at = now
-- Later than what is there by any clock, but for one that is wrong.
if there and there.epoch == e and there.at >= at and there.at <= now + 60000 then at = there.at + 1 end
local version = string.gsub(ARGV[4], 'AT', string.format('%.0f', at))
version = string.gsub(version, 'EPOCH', string.format('%.0f', e))
redis.call('SET', KEYS[2], version, 'PX', ARGV[5])
return { count, control, healed, version }
