-- Asks for a lease. KEYS: control, lease, back-off, version, the backend's sync marker, its epoch, derived bytes. ARGV: what is
-- known of control, a token, the lease's length in ms, how many ms a sync marker without expiry is obeyed.
-- Gives: whether it is ours, control, whether that was healed, failures and ms of the back-off, the version, ms of the sync
-- marker (0 for none), the backend's epoch, ms of another's lease, what had no expiry (1 the lease, 2 the marker, 3 both), and
-- of what so many bytes were derived.

local e, control = lift(KEYS[1])
local endless = 0

local left, ours = redis.call('PTTL', KEYS[2]), 0
if left == -1 then endless = 1 end
if left < 0 or text_of(KEYS[2]) == ARGV[4] then
  redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
  ours, left = 1, 0
end

local sync = redis.call('PTTL', KEYS[5])
if sync == -1 then
  endless = endless + 2
  sync = tonumber(ARGV[6])
  redis.call('PEXPIRE', KEYS[5], ARGV[6])
end
if sync < 0 then sync = 0 end

local failures, pause = text_of(KEYS[3]), redis.call('PTTL', KEYS[3])
if pause < 0 then failures, pause = '', 0 end

local version, epoch, derived = text_of(KEYS[4]), text_of(KEYS[6]), text_of(KEYS[7])
return { ours, control, healed, failures, pause, version, sync, epoch, left, endless, derived }
