-- Reads the journal of a source beside its version. KEYS: version, journal. ARGV: the first line of the last entry that is known.
-- Gives the version, whether that entry is the one before those that follow, and these; all of them where it is not there.

local version = redis.pcall('GET', KEYS[1])
if type(version) ~= 'string' then version = '' end
if redis.call('TYPE', KEYS[2]).ok ~= 'list' then return { version, 0, {} } end

local function line(text)
  return string.match(text or '', '^[^\n]*')
end

local last = redis.call('LINDEX', KEYS[2], -1)
if ARGV[1] ~= '' and line(last) == ARGV[1] then return { version, 1, {} } end
local all, newer = redis.call('LRANGE', KEYS[2], 0, -1), {}
for i = #all, 1, -1 do
  if line(all[i]) == ARGV[1] then
    for j = i + 1, #all do newer[#newer + 1] = all[j] end
    return { version, 1, newer }
  end
end
return { version, 0, all }
