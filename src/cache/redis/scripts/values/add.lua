-- Publishes listings of a version that is there. KEYS: control, version, sync marker, derived bytes, listings. ARGV: what is
-- known of control, the version as it must be, its epoch, when listings expire, how many bytes may be derived of it (-1: any),
-- listings. Gives a word, control, and whether that was healed.

local e, control = lift(KEYS[1])
if e ~= tonumber(ARGV[5]) then return { 'epoch-moved', control, healed } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'backend-syncing', control, healed } end
if text_of(KEYS[2]) ~= ARGV[4] then return { 'version-moved', control, healed } end

local budget = tonumber(ARGV[7])
if budget >= 0 then
  local hash = string.match(ARGV[4], '"hash":"(%x+)"') or ''
  local of, counted = string.match(text_of(KEYS[4]), '^(%x+) (%d+)$')
  local bytes = of == hash and tonumber(counted) or 0
  for i = 5, #KEYS do bytes = bytes + #ARGV[i + 3] end
  if bytes > budget then return { 'over-budget', control, healed } end
  redis.call('SET', KEYS[4], string.format('%s %.0f', hash, bytes), 'PXAT', ARGV[6])
end
for i = 5, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 3], 'PXAT', ARGV[6]) end
return { 'published', control, healed }
