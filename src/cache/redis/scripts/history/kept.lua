-- Reads a snapshot by its hash: the one that is published, or one that it replaced. KEYS: control, snapshot, what is kept. ARGV: the
-- hash. Gives control and the snapshot, an empty text where it is not there.

local function text_or_empty(text)
  if type(text) == 'string' then return text end
  return ''
end

local function is_wanted(text)
  return string.match(text, '^{[^\n]*"hash":"(%x+)"') == ARGV[1]
end

local control = text_or_empty(redis.pcall('GET', KEYS[1]))
local text = text_or_empty(redis.pcall('GET', KEYS[2]))
if is_wanted(text) then return { control, text } end
if redis.call('TYPE', KEYS[3]).ok ~= 'list' then return { control, '' } end
for i = -1, -16, -1 do
  local old = text_or_empty(redis.call('LINDEX', KEYS[3], i))
  if is_wanted(old) then return { control, old } end
end
return { control, '' }
