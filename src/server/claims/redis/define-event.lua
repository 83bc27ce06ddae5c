--[[
Brings an event's definition in Redis to a revision; an older one changes nothing, nor does an equal
one, unless the windows' key was lost. What has been issued is left alone. Fails on a replica.

KEYS[1] state, KEYS[2] windows: as in claim-batch.lua

ARGV[1] revision
ARGV[2] stock
ARGV[3] paused, 0 or 1
ARGV[4] ended, 0 or 1
ARGV[5] the fingerprint of the event's code key
ARGV[6+] pairs: opensAtMs, "windowId:closesAtMs:quota"

Result: the instance (run id) for which the ledger was last restored, or an empty string.
The error OTHERKEY: the event of this id in this Redis has another code key, so another database.
]]
redis.call('HSETNX', KEYS[1], 'key', ARGV[5])
local state = redis.call('HMGET', KEYS[1], 'instance', 'revision', 'key', 'windows')
if state[3] ~= ARGV[5] then
  return redis.error_reply('OTHERKEY the event in this Redis has another code key')
end
local known, given = tonumber(state[2] or '-1'), tonumber(ARGV[1])
local windowsLost = known == given and redis.call('ZCARD', KEYS[2]) ~= tonumber(state[4])
if known < given or windowsLost then
  redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'stock', ARGV[2], 'paused', ARGV[3], 'ended', ARGV[4],
    'windows', (#ARGV - 5) / 2)
  redis.call('HSETNX', KEYS[1], 'issued', 0)
  redis.call('HSETNX', KEYS[1], 'missing', 0)
  redis.call('DEL', KEYS[2])
  for i = 6, #ARGV, 2 do
    redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
return state[1] or ''
