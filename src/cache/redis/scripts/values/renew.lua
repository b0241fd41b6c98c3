-- Lets what is published live on, when a load found the same content again. KEYS: control, version, sync marker, the version's
-- values, then what may have been derived of it. ARGV: what is known of control, the load's epoch, the version as it must be, when
-- its values expire, when they are to, the new version, when that expires, how many values the version has. Gives a word, control,
-- and whether that was healed.

local e, control = lift(KEYS[1])
if e ~= tonumber(ARGV[4]) then return { 'epoch-moved', control, healed } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'backend-syncing', control, healed } end
if text_of(KEYS[2]) ~= ARGV[5] then return { 'version-moved', control, healed } end

-- What another wrote under a key of ours expires at another time: it must not be renewed as ours.
local ours, last = {}, 3 + tonumber(ARGV[10])
for i = 4, #KEYS do
  if redis.call('PEXPIRETIME', KEYS[i]) == tonumber(ARGV[6]) then
    ours[#ours + 1] = KEYS[i]
  elseif i <= last then
    return { 'not-ours', control, healed }
  end
end
for _, key in ipairs(ours) do redis.call('PEXPIREAT', key, ARGV[7]) end
redis.call('SET', KEYS[2], ARGV[8], 'PXAT', ARGV[9])
return { 'published', control, healed }
