-- Before every script that reads or writes control, which is one record: {"epoch":E,"barrier":B,"barrier_at":T}. What is
-- nonsense counts as missing, and whoever writes next replaces it. Scripts are atomic (docs/platform.md).

local healed = 0

local function text_of(key)
  local text = redis.pcall('GET', key)
  if type(text) == 'string' then return text end
  return ''
end

local function read_control(key)
  local text = text_of(key)
  local e, b, t = string.match(text, '^{"epoch":(%d+),"barrier":(%d+),"barrier_at":(%d+)}$')
  if e and #e <= 15 and #b <= 15 and #t <= 15 then return tonumber(e), tonumber(b), tonumber(t) end
  -- An empty text is nonsense too; what is of another type has no text.
  if redis.call('EXISTS', key) == 1 then healed = 1 end
  return 0, 0, 0
end

local function control_text(e, b, t)
  return string.format('{"epoch":%.0f,"barrier":%.0f,"barrier_at":%.0f}', e, b, t)
end

-- What is there, or what the caller knows where that is more; each part only grows.
local function known(key)
  local e, b, t = read_control(key)
  local ke, kb, kt = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  if kb > b or (kb == b and kt > t) then b, t = kb, kt end
  return math.max(e, ke), b, t, e
end

-- Lifts a lower, missing or broken record to what the caller knows.
local function lift(key)
  local e, b, t = known(key)
  local text = control_text(e, b, t)
  if (e > 0 or b > 0 or healed == 1) and text_of(key) ~= text then redis.call('SET', key, text) end
  return e, text
end
