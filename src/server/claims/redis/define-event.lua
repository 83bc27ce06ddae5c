--[[
Brings an event's definition in Redis to a revision; an older one changes nothing, nor does an equal
one, unless the windows' key was lost. What has been issued is left alone. Fails on a replica.

KEYS[1] state, KEYS[2] members, KEYS[3] windows, KEYS[4] stream: as in claim-batch.lua; beside that
        lowered = definitions before this revision may not set the stock (lower-stock.lua)
        deleted = definitions before this revision are of a deleted event (retire-event.lua)

ARGV[1] revision
ARGV[2] stock: the last rank that may be issued
ARGV[3] paused, 0 or 1
ARGV[4] ended, 0 or 1
ARGV[5] the fingerprint of the event's code key
ARGV[6+] pairs: opensAtMs, "windowId:closesAtMs:quota"

Result: the instance (run id) for which the ledger was last restored, or an empty string.
The error OTHERKEY: the event of this id in this Redis has another code key, so another database.
The error DELETED: the event was deleted at a later revision.
]]
local given = tonumber(ARGV[1])
local deleted = tonumber(redis.call('HGET', KEYS[1], 'deleted') or '-1')
if given < deleted then
  return redis.error_reply('DELETED the event is deleted')
elseif deleted >= 0 then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
end
redis.call('HSETNX', KEYS[1], 'key', ARGV[5])
local state = redis.call('HMGET', KEYS[1], 'instance', 'revision', 'key', 'windows', 'lowered')
if state[3] ~= ARGV[5] then
  return redis.error_reply('OTHERKEY the event in this Redis has another code key')
end
local known = tonumber(state[2] or '-1')
local windowsLost = known == given and redis.call('ZCARD', KEYS[3]) ~= tonumber(state[4])
if known < given or windowsLost then
  redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'paused', ARGV[3], 'ended', ARGV[4],
    'windows', (#ARGV - 5) / 2)
  if given >= tonumber(state[5] or '-1') then
    redis.call('HSET', KEYS[1], 'stock', ARGV[2])
  end
  redis.call('HSETNX', KEYS[1], 'issued', 0)
  redis.call('HSETNX', KEYS[1], 'missing', 0)
  redis.call('DEL', KEYS[3])
  for i = 6, #ARGV, 2 do
    redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i + 1])
  end
end
return state[1] or ''
