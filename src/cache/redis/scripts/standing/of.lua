-- How sources stand: who holds the lease and for how long in ms, failures of the origin in a row, ms that it is still left alone, and
-- the version, each. KEYS from `first` on: of each source its lease, its back-off, its version.

local function standing(first)
  local of = {}
  for i = first, #KEYS, 3 do
    local texts = redis.call('MGET', KEYS[i], KEYS[i + 1], KEYS[i + 2])
    of[#of + 1] = {
      texts[1], redis.call('PTTL', KEYS[i]), texts[2], redis.call('PTTL', KEYS[i + 1]), texts[3],
    }
  end
  return of
end
