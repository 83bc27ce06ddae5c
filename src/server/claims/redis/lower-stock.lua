--[[
Lowers what an event may still issue, ahead of its definition, where no more than that was issued.
From then on no claim is granted a rank beyond it. Definitions of an earlier revision than the one given
cannot raise it again; one of that revision or a later one holds.

KEYS[1] state: as in claim-batch.lua; lowered = the revision given

ARGV[1] the revision after the one that was lowered
ARGV[2] the last rank that may be issued
ARGV[3] the fingerprint of the event's code key

Result: the highest rank issued; nothing was changed where that is above ARGV[2].
The error OTHERKEY: as in define-event.lua.
]]
local state = redis.call('HMGET', KEYS[1], 'key', 'issued')
if state[1] and state[1] ~= ARGV[3] then
  return redis.error_reply('OTHERKEY the event in this Redis has another code key')
end
local issued = tonumber(state[2] or '0')
if issued <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'key', ARGV[3], 'stock', ARGV[2], 'lowered', ARGV[1])
end
return issued
