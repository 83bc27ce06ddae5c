--[[
Takes an event away that has issued nothing, as the ledger is about to: from then on its claims are
not decided. A stone remains for a day, so that a server that has not heard of it yet cannot define
the event anew; define-event.lua removes it for a new event of the same id. The streams stay for a
minute, for the writer that still reads them.

KEYS[1] state, KEYS[2] members, KEYS[3] windows, KEYS[4] stream: as in claim-batch.lua;
        deleted = the revision given
KEYS[5] contradictions: a stream

ARGV[1] the revision after the one that is deleted
ARGV[2] the fingerprint of the event's code key

Result: how many coupons were issued; nothing was changed where there are any.
The error OTHERKEY: as in define-event.lua.
]]
local state = redis.call('HMGET', KEYS[1], 'key', 'issued')
if state[1] and state[1] ~= ARGV[2] then
  return redis.error_reply('OTHERKEY the event in this Redis has another code key')
end
local issued = math.max(tonumber(state[2] or '0'), redis.call('HLEN', KEYS[2]), redis.call('XLEN', KEYS[4]))
if issued > 0 then
  return issued
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'deleted', ARGV[1])
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('EXPIRE', KEYS[4], 60)
redis.call('EXPIRE', KEYS[5], 60)
return 0
