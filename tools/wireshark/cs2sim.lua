-- Wireshark dissector for captures of `cs2sim trace --pcap FILE` (link type DLT_USER0), and for the frames on the
-- wire: TCP ports 288 and 3001, more by the preference "TCP ports".
--
--   wireshark FILE                                                (with this file in a folder of Lua plugins: tshark -G folders)
--   tshark -X lua_script:cs2sim.lua -r FILE -Y 'cs2sim.code == 0xB0830063'
--
-- `cs2sim trace --dissector` prints this file with the tables of the simulator that you have: functions with
-- the layouts of their blocks, and error codes. A layout is fields apart by blanks, each name:type, where type
-- is u1 u2 u4 u8 (big-endian numbers), bN (N bytes), v2 v4 (2 or 4 bytes of length, then the bytes) or * (the
-- rest); name!:type is a secret.

-- TABLES

local cs2sim = Proto("cs2sim", "cs2sim HSM command")
local fields = {
  direction = ProtoField.string("cs2sim.direction", "Direction"),
  func = ProtoField.string("cs2sim.function", "Function"),
  fc = ProtoField.uint16("cs2sim.fc", "Function code", base.HEX),
  sfc = ProtoField.uint8("cs2sim.sfc", "Sub-function code", base.HEX),
  code = ProtoField.uint32("cs2sim.code", "Result", base.HEX),
  text = ProtoField.string("cs2sim.text", "Result text"),
  connection = ProtoField.uint32("cs2sim.connection", "Connection"),
  peer = ProtoField.string("cs2sim.peer", "Peer"),
  session = ProtoField.uint32("cs2sim.session", "Session", base.HEX),
  users = ProtoField.string("cs2sim.users", "Users"),
  state = ProtoField.uint32("cs2sim.state", "Authentication state", base.HEX),
  modes = ProtoField.uint16("cs2sim.modes", "Modes", base.HEX),
  micros = ProtoField.uint32("cs2sim.micros", "Microseconds"),
  field = ProtoField.string("cs2sim.field", "Field"),
}
local all = {}
for _, f in pairs(fields) do table.insert(all, f) end
cs2sim.fields = all

-- The fields of a layout in `tvb`: {name, secret, range, number}. Nil when the bytes do not fit.
local function read(layout, tvb)
  local found, at = {}, 0
  for word in layout:gmatch("%S+") do
    local name, mark, kind = word:match("^(%w+)(!?):(.+)$")
    local left = tvb:len() - at
    local size, number
    if kind == "*" then
      size = left
    elseif kind:sub(1, 1) == "u" or kind:sub(1, 1) == "b" then
      size = tonumber(kind:sub(2))
      if left < size then return nil end
      if kind:sub(1, 1) == "u" then
        number = size == 8 and tvb(at, 8):uint64() or tvb(at, size):uint()
      end
    else
      local head = tonumber(kind:sub(2))
      if left < head then return nil end
      size = tvb(at, head):uint()
      at = at + head
      if tvb:len() - at < size then return nil end
    end
    table.insert(found, {name = name, secret = mark == "!", number = number, at = at, size = size,
                         range = size > 0 and tvb(at, size) or nil})
    at = at + size
  end
  if at ~= tvb:len() then return nil end
  return found
end

local function shown(field)
  if field.number then return tostring(field.number) end
  if field.secret then return "***(" .. field.size .. " bytes)" end
  if not field.range then return "" end
  local text = field.range:raw()
  if text:match("^[%g \n]+$") then return '"' .. text:gsub("\n", "\\n") .. '"' end
  return tostring(field.range:bytes())
end

local function add_block(tree, layout, tvb)
  local block = read(layout, tvb)
  if not block then
    tree:add(fields.field, tvb(), "block that does not fit its layout: " .. layout)
    return
  end
  for _, field in ipairs(block) do
    local text = field.name .. "=" .. shown(field)
    if field.range then tree:add(fields.field, field.range, text) else tree:add(fields.field, text) end
  end
end

local function dissect_packet(tvb, pinfo, tree)
  local packet = read(packet_layout, tvb)
  if not packet then return 0 end
  local value = {}
  for _, field in ipairs(packet) do value[field.name] = field end
  local function number(name) return value[name].number end
  local function text(name) return value[name].range and value[name].range:raw() or "" end

  local is_answer = number("answer") == 1
  local id = string.format("%03X.%02X", number("fc"), number("sfc"))
  local row = functions[id]
  local name = row and row.name or id
  local code = number("code")

  pinfo.cols.protocol = "cs2sim"
  pinfo.cols.src = is_answer and "device" or text("peer")
  pinfo.cols.dst = is_answer and text("peer") or "device"
  local info = name
  if number("session") ~= 0 then info = info .. string.format(" in session %08X", number("session")) end
  if is_answer then
    info = info .. (code == 0 and " ok" or string.format(" %08X %s", code, codes[code] or "unknown code"))
  end
  pinfo.cols.info = info

  local sub = tree:add(cs2sim, tvb(), "cs2sim, " .. info)
  sub:add(fields.direction, value.answer.range, is_answer and "answer" or "request")
  sub:add(fields.func, name)
  for _, field in ipairs({"fc", "sfc", "connection", "session", "state", "modes", "micros"}) do
    sub:add(fields[field], value[field].range)
  end
  sub:add(fields.peer, text("peer"))
  sub:add(fields.users, text("users"))
  if is_answer then
    sub:add(fields.code, value.code.range)
    sub:add(fields.text, code == 0 and "ok" or (codes[code] or "unknown code"))
  end

  -- A frame has a header of its own: tag and length, and in a request FC and SFC.
  local data = value.data.range
  if not data or not row or (is_answer and code ~= 0) then return end
  local header = number("session") ~= 0 and 0 or (is_answer and 4 or 7)
  if data:len() > header then
    add_block(sub, is_answer and row.answer or row.request, data(header):tvb())
  end
end

-- On the wire: frames as they are (9C request, 9A answer, 9E error, then 3 bytes of length of the whole frame),
-- answers in the order of the requests.
local kRequest, kAnswer, kError = 0x9C, 0x9A, 0x9E
local kHead = 4
local kMostFrame = 0x80000

-- Which function an answer belongs to. Frames are seen in order once, then at will: `asked` is for the first
-- time, `known` for later.
local asked, known = {}, {}
local stream_of = Field.new("tcp.stream")
function cs2sim.init() asked, known = {}, {} end

local function function_of(pinfo, place, id)
  local stream = stream_of()
  local key = pinfo.number .. ":" .. place
  if not pinfo.visited and stream then
    local queue = asked[stream.value] or {}
    asked[stream.value] = queue
    if id then table.insert(queue, id) else known[key] = table.remove(queue, 1) end
  end
  return id or known[key]
end

local function dissect_frame(tvb, pinfo, tree)
  local tag = tvb(0, 1):uint()
  local is_request = tag == kRequest
  local id
  if is_request then
    if tvb:len() < 7 then return tvb:len() end
    id = string.format("%03X.%02X", tvb(4, 2):uint(), tvb(6, 1):uint())
  end
  id = function_of(pinfo, tvb:offset(), id)
  local row = id and functions[id]
  local info = row and row.name or id or "?"
  local code = 0
  if tag == kError and tvb:len() >= 8 then code = tvb(4, 4):uint() end
  if not is_request then
    info = info .. (tag == kAnswer and " ok" or string.format(" %08X %s", code, codes[code] or "unknown code"))
  end
  pinfo.cols.protocol = "cs2sim"
  pinfo.cols.info = info

  local sub = tree:add(cs2sim, tvb(), "cs2sim, " .. info)
  sub:add(fields.direction, tvb(0, 1), is_request and "request" or "answer")
  sub:add(fields.func, row and row.name or id or "?")
  if is_request then
    sub:add(fields.fc, tvb(4, 2))
    sub:add(fields.sfc, tvb(6, 1))
  elseif tag == kError and tvb:len() >= 8 then
    sub:add(fields.code, tvb(4, 4))
    sub:add(fields.text, codes[code] or "unknown code")
  else
    sub:add(fields.code, 0)
    sub:add(fields.text, "ok")
  end
  local header = is_request and 7 or kHead
  if row and tag ~= kError and tvb:len() > header then
    add_block(sub, is_request and row.request or row.answer, tvb(header):tvb())
  end
  return tvb:len()
end

local function frame_size(tvb, _, at) return tvb(at + 1, 3):uint() end

local function is_frame(tvb)
  local tag = tvb(0, 1):uint()
  if tag ~= kRequest and tag ~= kAnswer and tag ~= kError then return false end
  local size = tvb:len() >= kHead and tvb(1, 3):uint() or kHead
  return size >= kHead and size <= kMostFrame
end

function cs2sim.dissector(tvb, pinfo, tree)
  if not stream_of() then return dissect_packet(tvb, pinfo, tree) end
  if tvb:len() == 0 or not is_frame(tvb) then return 0 end
  dissect_tcp_pdus(tvb, tree, kHead, frame_size, dissect_frame)
  return tvb:len()
end

local kDefaultPorts = "288,3001"
cs2sim.prefs.ports = Pref.range("TCP ports", kDefaultPorts, "ports on which devices answer", 65535)
local tcp_ports = DissectorTable.get("tcp.port")
local ports = kDefaultPorts
tcp_ports:add(ports, cs2sim)
function cs2sim.prefs_changed()
  tcp_ports:remove(ports, cs2sim)
  ports = cs2sim.prefs.ports
  tcp_ports:add(ports, cs2sim)
end
DissectorTable.get("wtap_encap"):add(wtap.USER0, cs2sim)
