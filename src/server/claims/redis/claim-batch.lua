--[[
Decides the claims of one event in their order and appends the grants to the event's stream, as one
atomic step. The stream is the outbox from which the writer fills the ledger.

KEYS[1] state    hash: instance = the Redis instance for which the ledger was last restored,
                 key = fingerprint of the event's code key, revision, stock, paused, ended,
                 windows = their number, issued = the highest rank, w:<windowId> = issued in it,
                 missing = ranks up to issued that nobody holds: 0 unless the ledger is damaged
KEYS[2] members  hash: member -> "rank:windowId:issuedAtMs"
KEYS[3] windows  sorted set: "windowId:closesAtMs:quota" by opensAtMs; quota -1 is none
KEYS[4] stream   entries: r = first rank, w = window id, t = issuedAtMs, m = JSON array of members

ARGV[1]  the Redis instance (run id) that the caller talks to
ARGV[2]  the revision of the event that the caller knows
ARGV[3]  the fingerprint of the event's code key that the caller knows
ARGV[4+] members, at most 1,000

Result: an array.
  {0}                            nothing decided: call define and restore first, then again. So it
                                 is, too, when keys of the event were lost (evicted, deleted).
  {1, nowMs, opensAtMs, r1 …, windowId}
                                 decided. opensAtMs of the next window, -1 when there is none or
                                 it was not needed. For each member, in order:
    integer > 0                  issued with this rank, now, in the window that windowId names
    "rank:windowId:issuedAtMs"   already issued
    -1 ended   -2 sold out   -3 paused   -4 not open   -5 window exhausted
  Ranks newly issued lie in one window, windowId, which is 0 when none is open or needed.
]]
local state = redis.call('HMGET', KEYS[1], 'instance', 'revision', 'stock', 'issued', 'paused', 'ended',
  'key', 'missing', 'windows')
if state[1] ~= ARGV[1] or state[7] ~= ARGV[3] or not state[2] or tonumber(state[2]) < tonumber(ARGV[2]) then
  return {0}
end
local stock, issued = tonumber(state[3]), tonumber(state[4])
if redis.call('HLEN', KEYS[2]) ~= issued - tonumber(state[8]) then
  redis.call('HDEL', KEYS[1], 'instance')
  return {0}
end

local members = {}
for i = 4, #ARGV do
  members[i - 3] = ARGV[i]
end
local kept = redis.call('HMGET', KEYS[2], unpack(members))

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local now = string.format('%.0f', nowMs)
local firstRank = issued + 1

local windowId, windowLeft, refusal = '0', 0, nil
if state[6] == '1' then
  refusal = -1
elseif issued >= stock then
  refusal = -2
elseif state[5] == '1' then
  refusal = -3
else
  local found = redis.call('ZREVRANGEBYSCORE', KEYS[3], now, '-inf', 'LIMIT', 0, 1)
  local id, closesAtMs, quota = string.match(found[1] or '', '^(%d+):(%d+):(-?%d+)$')
  if not id or nowMs >= tonumber(closesAtMs) then
    if redis.call('ZCARD', KEYS[3]) ~= tonumber(state[9]) then
      redis.call('HDEL', KEYS[1], 'revision')
      return {0}
    end
    refusal = -4
  else
    windowId = id
    windowLeft = stock - issued
    if quota ~= '-1' then
      local used = tonumber(redis.call('HGET', KEYS[1], 'w:' .. id) or '0')
      windowLeft = math.min(windowLeft, tonumber(quota) - used)
    end
  end
end

local results, grants, winners, granted = {1, nowMs, -1}, {}, {}, {}
for i, member in ipairs(members) do
  local earlier = kept[i] or granted[member]
  if earlier then
    results[i + 3] = earlier
  elseif refusal then
    results[i + 3] = refusal
  elseif windowLeft > 0 then
    windowLeft = windowLeft - 1
    issued = issued + 1
    local grant = issued .. ':' .. windowId .. ':' .. now
    granted[member] = grant
    grants[#grants + 1] = member
    grants[#grants + 1] = grant
    winners[#winners + 1] = member
    results[i + 3] = issued
  elseif issued >= stock then
    results[i + 3] = -2
  else
    results[i + 3] = -5
  end
end

if refusal == -4 or (refusal == nil and windowLeft <= 0 and issued < stock) then
  local following = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if following[2] then
    results[3] = tonumber(following[2])
  end
end

if #winners > 0 then
  redis.call('HSET', KEYS[2], unpack(grants))
  redis.call('HSET', KEYS[1], 'issued', issued)
  redis.call('HINCRBY', KEYS[1], 'w:' .. windowId, #winners)
  redis.call('XADD', KEYS[4], '*', 'r', firstRank, 'w', windowId,
    't', now, 'm', cjson.encode(winners))
end
results[#results + 1] = tonumber(windowId)
return results
