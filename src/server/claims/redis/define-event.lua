--[[
Brings an event's definition in Redis to a revision; an older or equal one changes nothing. What
has been issued is left alone.

KEYS[1] state, KEYS[2] windows: as in claim-batch.lua

ARGV[1] revision
ARGV[2] stock
ARGV[3] paused, 0 or 1
ARGV[4] ended, 0 or 1
ARGV[5+] pairs: opensAtMs, "windowId:closesAtMs:quota"

Result: the instance (run id) for which the ledger was last restored, or an empty string.
]]
local state = redis.call('HMGET', KEYS[1], 'instance', 'revision')
if not state[2] or tonumber(state[2]) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'stock', ARGV[2], 'paused', ARGV[3], 'ended', ARGV[4])
  redis.call('HSETNX', KEYS[1], 'issued', 0)
  redis.call('DEL', KEYS[2])
  for i = 5, #ARGV, 2 do
    redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
return state[1] or ''
