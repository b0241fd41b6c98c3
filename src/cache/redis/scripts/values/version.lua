-- Before the script that judges the version that is there.

-- A version's fields stand in one order, so that its epoch is the one after its lifetime.
local function read_version(text)
  local config, at, ttl, epoch =
    string.match(text, '^{"v":%d+,"config":"(%x+)","at":(%d+),"ttl":(%d+),"epoch":(%d+),')
  if not config then return nil end
  local hash = string.match(text, '"hash":"(%x+)"')
  return { config = config, at = tonumber(at), ttl = tonumber(ttl), epoch = tonumber(epoch), hash = hash }
end
