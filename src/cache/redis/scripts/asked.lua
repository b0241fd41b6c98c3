-- The times among counters: names that begin with @, each with its number. Read where they are written, in the request that adds to
-- them. KEYS: a hash.

local asked = {}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == '@' then
      asked[#asked + 1] = string.sub(fields[i], 2)
      asked[#asked + 1] = fields[i + 1]
    end
  end
end
return asked
