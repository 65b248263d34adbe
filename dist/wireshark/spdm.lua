-- Shows SPDM (DMTF DSP0274) in Wireshark and tshark: what spdmctl --record writes to a capture, and TCP port 4194 (DSP0287).
--
--   tshark -X lua_script:spdm.lua -r device.pcapng
--
-- Dissectors, which exported PDUs (link type 252) name:
--   spdm           a message
--   spdm_secured   a secured message (DSP0277)
--   spdm_doe       a data object of PCI DOE with one of them
--   spdm_mctp      a message of MCTP with one of them, from its type on
--   spdm_tcp       one of them with the header of DSP0287
--
-- A message that ends early has expert information (spdm.short), and what it has is shown.

local kTcpPort = 4194

local version_names = { [0x10] = "1.0", [0x11] = "1.1", [0x12] = "1.2", [0x13] = "1.3", [0x14] = "1.4" }

local code_names = {
  [0x01] = "DIGESTS", [0x02] = "CERTIFICATE", [0x03] = "CHALLENGE_AUTH", [0x04] = "VERSION",
  [0x05] = "CHUNK_SEND_ACK", [0x06] = "CHUNK_RESPONSE", [0x07] = "ENDPOINT_INFO", [0x08] = "SLOT_MANAGEMENT_RESP",
  [0x60] = "MEASUREMENTS", [0x61] = "CAPABILITIES", [0x62] = "SUPPORTED_EVENT_TYPES", [0x63] = "ALGORITHMS",
  [0x64] = "KEY_EXCHANGE_RSP", [0x65] = "FINISH_RSP", [0x66] = "PSK_EXCHANGE_RSP", [0x67] = "PSK_FINISH_RSP",
  [0x68] = "HEARTBEAT_ACK", [0x69] = "KEY_UPDATE_ACK", [0x6A] = "ENCAPSULATED_REQUEST",
  [0x6B] = "ENCAPSULATED_RESPONSE_ACK", [0x6C] = "END_SESSION_ACK", [0x6D] = "CSR", [0x6E] = "SET_CERTIFICATE_RSP",
  [0x6F] = "MEASUREMENT_EXTENSION_LOG", [0x70] = "SUBSCRIBE_EVENT_TYPES_ACK", [0x71] = "EVENT_ACK",
  [0x7C] = "KEY_PAIR_INFO", [0x7D] = "SET_KEY_PAIR_INFO_ACK", [0x7E] = "VENDOR_DEFINED_RESPONSE", [0x7F] = "ERROR",
  [0x81] = "GET_DIGESTS", [0x82] = "GET_CERTIFICATE", [0x83] = "CHALLENGE", [0x84] = "GET_VERSION",
  [0x85] = "CHUNK_SEND", [0x86] = "CHUNK_GET", [0x87] = "GET_ENDPOINT_INFO", [0x88] = "SLOT_MANAGEMENT",
  [0xE0] = "GET_MEASUREMENTS", [0xE1] = "GET_CAPABILITIES", [0xE2] = "GET_SUPPORTED_EVENT_TYPES",
  [0xE3] = "NEGOTIATE_ALGORITHMS", [0xE4] = "KEY_EXCHANGE", [0xE5] = "FINISH", [0xE6] = "PSK_EXCHANGE",
  [0xE7] = "PSK_FINISH", [0xE8] = "HEARTBEAT", [0xE9] = "KEY_UPDATE", [0xEA] = "GET_ENCAPSULATED_REQUEST",
  [0xEB] = "DELIVER_ENCAPSULATED_RESPONSE", [0xEC] = "END_SESSION", [0xED] = "GET_CSR", [0xEE] = "SET_CERTIFICATE",
  [0xEF] = "GET_MEASUREMENT_EXTENSION_LOG", [0xF0] = "SUBSCRIBE_EVENT_TYPES", [0xF1] = "SEND_EVENT",
  [0xFC] = "GET_KEY_PAIR_INFO", [0xFD] = "SET_KEY_PAIR_INFO", [0xFE] = "VENDOR_DEFINED_REQUEST",
  [0xFF] = "RESPOND_IF_READY",
}

local error_names = {
  [0x01] = "InvalidRequest", [0x02] = "InvalidSession", [0x03] = "Busy", [0x04] = "UnexpectedRequest",
  [0x05] = "Unspecified", [0x06] = "DecryptError", [0x07] = "UnsupportedRequest", [0x08] = "RequestInFlight",
  [0x09] = "InvalidResponseCode", [0x0A] = "SessionLimitExceeded", [0x0B] = "SessionRequired",
  [0x0C] = "ResetRequired", [0x0D] = "ResponseTooLarge", [0x0E] = "RequestTooLarge", [0x0F] = "LargeResponse",
  [0x10] = "MessageLost", [0x11] = "InvalidPolicy", [0x12] = "DataTooLarge", [0x41] = "VersionMismatch",
  [0x42] = "ResponseNotReady", [0x43] = "RequestResynch", [0x44] = "OperationFailed", [0x45] = "NoPendingRequests",
  [0x46] = "RequestSessionTerminated", [0x47] = "InvalidState", [0xFF] = "VendorDefinedError",
}

-- Bytes of a hash and of a signature, by the bit that was selected.
local hash_sizes = { [0x01] = 32, [0x02] = 48, [0x04] = 64, [0x08] = 32, [0x10] = 48, [0x20] = 64, [0x40] = 32 }
local hash_names = {
  [0x01] = "SHA-256", [0x02] = "SHA-384", [0x04] = "SHA-512", [0x08] = "SHA3-256", [0x10] = "SHA3-384",
  [0x20] = "SHA3-512", [0x40] = "SM3-256",
}
local asym_names = {
  [0x001] = "RSASSA-2048", [0x002] = "RSAPSS-2048", [0x004] = "RSASSA-3072", [0x008] = "RSAPSS-3072",
  [0x010] = "ECDSA-P256", [0x020] = "RSASSA-4096", [0x040] = "RSAPSS-4096", [0x080] = "ECDSA-P384",
  [0x100] = "ECDSA-P521", [0x200] = "SM2-P256", [0x400] = "Ed25519", [0x800] = "Ed448",
}
local measurement_types = {
  [0] = "immutable ROM", [1] = "mutable firmware", [2] = "hardware configuration", [3] = "firmware configuration",
  [4] = "measurement manifest", [5] = "device mode", [6] = "firmware version", [7] = "firmware security version",
  [8] = "hash-extended measurement", [9] = "informational", [10] = "structured manifest",
}

local spdm = Proto("spdm", "Security Protocol and Data Model")
local secured = Proto("spdm_secured", "Secured Message of SPDM")
local doe = Proto("spdm_doe", "SPDM over PCI DOE")
local mctp = Proto("spdm_mctp", "SPDM over MCTP")
local tcp = Proto("spdm_tcp", "SPDM over TCP")

local short = ProtoExpert.new("spdm.short", "The message ends early", expert.group.PROTOCOL, expert.severity.WARN)
local wrong = ProtoExpert.new("spdm.wrong", "The frame of the message is wrong", expert.group.PROTOCOL, expert.severity.WARN)
spdm.experts = { short, wrong }

-- Fields -------------------------------------------------------------------------------------------------------------

local f = {}
local function hex(key, size, title, names) f[key] = ProtoField["uint" .. size]("spdm." .. key, title, base.HEX, names) end
local function dec(key, size, title, names) f[key] = ProtoField["uint" .. size]("spdm." .. key, title, base.DEC, names) end
local function bytes(key, title) f[key] = ProtoField.bytes("spdm." .. key, title) end

hex("version", 8, "SPDMVersion", version_names)
hex("code", 8, "RequestResponseCode", code_names)
hex("param1", 8, "Param1")
hex("param2", 8, "Param2")
hex("slot", 8, "SlotID")
dec("entry_count", 8, "VersionNumberEntryCount")
hex("version_entry", 16, "Version")
dec("ct_exponent", 8, "CTExponent")
hex("flags", 32, "Flags")
dec("data_transfer_size", 32, "DataTransferSize")
dec("max_message_size", 32, "MaxSPDMmsgSize")
dec("length", 16, "Length")
hex("measurement_specification", 8, "MeasurementSpecification")
hex("other_params", 8, "OtherParams")
hex("measurement_hash", 32, "MeasurementHashAlgo")
hex("offered_asym", 32, "BaseAsymAlgo")
hex("offered_hash", 32, "BaseHashAlgo")
hex("base_asym", 32, "BaseAsymSel", asym_names)
hex("base_hash", 32, "BaseHashSel", hash_names)
hex("pqc_asym", 32, "PqcAsymAlgo")
hex("mel_specification", 8, "MELspecification")
dec("ext_asym_count", 8, "ExtAsymCount")
dec("ext_hash_count", 8, "ExtHashCount")
bytes("ext_algorithms", "External algorithms")
dec("table_type", 8, "AlgType", {
  [2] = "DHE", [3] = "AEAD", [4] = "ReqBaseAsymAlg", [5] = "KeySchedule", [6] = "ReqPqcAsymAlg", [7] = "KEM" })
hex("table_count", 8, "AlgCount")
hex("table_supported", 16, "AlgSupported")
hex("slot_mask", 8, "Slot mask")
hex("supported_slots", 8, "SupportedSlotMask")
bytes("digest", "Digest")
dec("offset", 16, "Offset")
dec("large_offset", 32, "LargeOffset")
dec("large_length", 32, "LargeLength")
dec("portion_length", 16, "PortionLength")
dec("remainder", 16, "RemainderLength")
dec("large_portion", 32, "LargePortionLength")
dec("large_remainder", 32, "LargeRemainderLength")
bytes("portion", "CertChain")
hex("summary_type", 8, "MeasurementSummaryHashType", { [0] = "none", [1] = "TCB", [0xFF] = "all" })
bytes("nonce", "Nonce")
bytes("requester_context", "RequesterContext")
bytes("chain_hash", "CertChainHash")
bytes("summary_hash", "MeasurementSummaryHash")
dec("opaque_length", 16, "OpaqueDataLength")
bytes("opaque", "OpaqueData")
bytes("signature", "Signature")
hex("operation", 8, "MeasurementOperation", { [0] = "number of measurements", [0xFF] = "all" })
dec("block_count", 8, "NumberOfBlocks")
dec("record_length", 24, "MeasurementRecordLength")
dec("block_index", 8, "Index")
dec("block_size", 16, "MeasurementSize")
hex("value_type", 8, "DMTFSpecMeasurementValueType")
dec("value_size", 16, "DMTFSpecMeasurementValueSize")
bytes("value", "DMTFSpecMeasurementValue")
bytes("block", "Measurement")
hex("error_code", 8, "ErrorCode", error_names)
hex("error_data", 8, "ErrorData")
bytes("extended_error_data", "ExtendedErrorData")
hex("session_id", 32, "Session ID")
bytes("encrypted", "Encrypted")
bytes("reserved", "Reserved")
bytes("data", "Data")
bytes("rest", "Behind the end of the message")
hex("doe_vendor", 16, "Vendor ID")
hex("doe_type", 8, "Data Object Type", { [0] = "DOE discovery", [1] = "SPDM", [2] = "secured SPDM" })
hex("doe_length", 32, "Length in dwords")
hex("mctp_type", 8, "Message Type", { [5] = "SPDM", [6] = "secured SPDM" })
dec("tcp_length", 16, "Length")
dec("tcp_version", 8, "Binding version")
hex("tcp_type", 8, "Message Type", {
  [5] = "SPDM", [6] = "secured SPDM", [0xBF] = "role inquiry", [0xC0] = "error: too large", [0xC1] = "error: not supported",
  [0xC2] = "error: cannot be requester", [0xC3] = "error: cannot be responder" })

local all = {}
for _, field in pairs(f) do all[#all + 1] = field end
spdm.fields = all

-- A cursor: takes fields one behind the other, and nothing any more once the message has ended early ----------------

local Cursor = {}
Cursor.__index = Cursor

local function cursor(tvb, tree, at) return setmetatable({ tvb = tvb, tree = tree, at = at, short = false }, Cursor) end

function Cursor:left() return self.tvb:len() - self.at end

-- The bytes, which are shown as this field, and the item in the tree; nil when there are fewer.
function Cursor:take(field, size, tree)
  if self.short then return nil end
  if size > self:left() then
    self.short = true
    self.tree:add_proto_expert_info(short, string.format("%d bytes are missing", size - self:left()))
    return nil
  end
  if size == 0 then return nil end
  local range = self.tvb:range(self.at, size)
  local into = tree or self.tree
  local item = into:add_le(field, range)
  self.at = self.at + size
  return range, item
end

-- The same as a number; 0 when it is not there.
function Cursor:number(field, size, tree)
  local range = self:take(field, size, tree)
  return range and range:le_uint() or 0
end

function Cursor:everything(field)
  if not self.short and self:left() > 0 then self:take(field, self:left()) end
end

-- What was negotiated and asked before, by connection -----------------------------------------------------------------

local connections, contexts = {}, {}

local function context_of(tvb, pinfo)
  local key = pinfo.number .. ":" .. tvb:offset()
  if pinfo.visited and contexts[key] then return contexts[key], {} end
  local ends = { tostring(pinfo.src) .. "," .. pinfo.src_port, tostring(pinfo.dst) .. "," .. pinfo.dst_port }
  table.sort(ends)
  local name = ends[1] .. " " .. ends[2]
  connections[name] = connections[name] or {}
  local copy = {}
  for field, value in pairs(connections[name]) do copy[field] = value end
  contexts[key] = copy
  return copy, connections[name]  -- what holds for this message, and where it notes what holds for later ones
end

function spdm.init()
  connections, contexts = {}, {}
end

-- Messages ------------------------------------------------------------------------------------------------------------

-- Each gets the cursor behind the header, and m: version, param1, param2, now and later (context_of), and text for the column.
local messages = {}

messages[0x04] = function(c, m)  -- VERSION
  c:take(f.reserved, 1)
  local count = c:number(f.entry_count, 1)
  m.text = m.text .. ":"
  for _ = 1, count do
    local range, item = c:take(f.version_entry, 2)
    if not range then return end
    local version = string.format(" %d.%d", math.floor(range:le_uint() / 4096), math.floor(range:le_uint() / 256) % 16)
    item:append_text(version)
    m.text = m.text .. version
  end
end

local function capabilities(c, m)
  c:take(f.reserved, 1)
  c:take(f.ct_exponent, 1)
  c:take(f.reserved, 2)
  c:take(f.flags, 4)
  if m.version < 0x12 then return end
  c:take(f.data_transfer_size, 4)
  c:take(f.max_message_size, 4)
end
messages[0xE1] = function(c, m)  -- GET_CAPABILITIES: of 1.0 it has a header alone
  if m.version > 0x10 then capabilities(c, m) end
end
messages[0x61] = function(c, m)  -- CAPABILITIES
  capabilities(c, m)
  if m.version >= 0x13 and m.param1 % 2 == 1 then c:everything(f.data) end  -- the block of supported algorithms
end

local function tables(c, m, asym, hash)
  c:take(f.ext_algorithms, 4 * (asym + hash))
  for _ = 1, m.version > 0x10 and m.param1 or 0 do
    c:take(f.table_type, 1)
    local count = c:number(f.table_count, 1)
    c:take(f.table_supported, 2)
    c:take(f.ext_algorithms, 4 * (count % 16))
    if c.short then return end
  end
end
messages[0xE3] = function(c, m)  -- NEGOTIATE_ALGORITHMS
  c:take(f.length, 2)
  c:take(f.measurement_specification, 1)
  c:take(f.other_params, 1)
  c:take(f.offered_asym, 4)
  c:take(f.offered_hash, 4)
  c:take(f.pqc_asym, 4)
  c:take(f.reserved, 8)
  local asym, hash = c:number(f.ext_asym_count, 1), c:number(f.ext_hash_count, 1)
  c:take(f.reserved, 1)
  c:take(f.mel_specification, 1)
  tables(c, m, asym, hash)
end
messages[0x63] = function(c, m)  -- ALGORITHMS
  c:take(f.length, 2)
  c:take(f.measurement_specification, 1)
  c:take(f.other_params, 1)
  c:take(f.measurement_hash, 4)
  local base_asym = c:number(f.base_asym, 4)
  local base_hash = c:number(f.base_hash, 4)
  c:take(f.pqc_asym, 4)
  c:take(f.reserved, 7)
  c:take(f.mel_specification, 1)
  local asym, hash = c:number(f.ext_asym_count, 1), c:number(f.ext_hash_count, 1)
  c:take(f.reserved, 2)
  tables(c, m, asym, hash)
  m.later.hash = hash_sizes[base_hash]
  m.text = m.text .. " " .. (asym_names[base_asym] or "") .. " " .. (hash_names[base_hash] or "")
end

messages[0x01] = function(c, m)  -- DIGESTS
  if not m.now.hash then return c:everything(f.data) end  -- nobody has seen the negotiation
  local mask = m.param2
  while mask > 0 do
    if mask % 2 == 1 and not c:take(f.digest, m.now.hash) then return end
    mask = math.floor(mask / 2)
  end
  -- With several keys: ids, models and usages of the slots.
  if m.version >= 0x13 and c:left() > 3 then c:everything(f.data) end
end

local function is_large(m) return m.version >= 0x14 and m.param1 >= 0x80 end
messages[0x82] = function(c, m)  -- GET_CERTIFICATE
  c:take(f.offset, 2)
  c:take(f.length, 2)
  if not is_large(m) then return end
  c:take(f.large_offset, 4)
  c:take(f.large_length, 4)
end
messages[0x02] = function(c, m)  -- CERTIFICATE
  local portion = c:number(f.portion_length, 2)
  c:take(f.remainder, 2)
  if is_large(m) then
    portion = c:number(f.large_portion, 4)
    c:take(f.large_remainder, 4)
  end
  c:take(f.portion, portion)
end

messages[0x83] = function(c, m)  -- CHALLENGE
  c:take(f.nonce, 32)
  if m.version >= 0x13 then c:take(f.requester_context, 8) end
  m.later.summary = m.param2 ~= 0
end
local function opaque(c, m)
  c:take(f.opaque, c:number(f.opaque_length, 2))
  if m.version >= 0x13 then c:take(f.requester_context, 8) end
end
messages[0x03] = function(c, m)  -- CHALLENGE_AUTH
  if not m.now.hash then return c:everything(f.data) end
  c:take(f.chain_hash, m.now.hash)
  c:take(f.nonce, 32)
  if m.now.summary then c:take(f.summary_hash, m.now.hash) end
  opaque(c, m)
  c:everything(f.signature)
end

messages[0xE0] = function(c, m)  -- GET_MEASUREMENTS
  local is_signed = m.param1 % 2 == 1
  if is_signed then
    c:take(f.nonce, 32)
    if m.version > 0x10 then c:take(f.slot, 1) end
  end
  if m.version >= 0x13 then c:take(f.requester_context, 8) end
  m.later.is_signed = is_signed
end
-- One block: its measurement is of DMTF, or not read.
local function block(c)
  local start = c.at
  local tree = c.tree:add(spdm, c.tvb:range(start), "Measurement block")
  local index = c:number(f.block_index, 1, tree)
  local specification = c:number(f.measurement_specification, 1, tree)
  local size = c:number(f.block_size, 2, tree)
  if c.short then return end
  if specification == 1 and size >= 3 and c:left() >= size and c.tvb:range(c.at + 1, 2):le_uint() == size - 3 then
    local kind = c:number(f.value_type, 1, tree)
    c:take(f.value_size, 2, tree)
    c:take(f.value, size - 3, tree)
    tree:append_text(string.format(" %d: %s", index, measurement_types[kind % 128] or "unknown"))
  else
    c:take(f.block, size, tree)
    tree:append_text(string.format(" %d", index))
  end
  tree:set_len(c.at - start)
end
messages[0x60] = function(c, m)  -- MEASUREMENTS
  local count = c:number(f.block_count, 1)
  local length = c:number(f.record_length, 3)
  local record_end = c.at + length
  for _ = 1, count do
    if c.short or c.at >= record_end or c:left() == 0 then break end
    block(c)
  end
  if not c.short and c.at < record_end then c:take(f.data, record_end - c.at) end
  c:take(f.nonce, 32)
  opaque(c, m)
  if m.now.is_signed then c:everything(f.signature) end
  m.text = m.text .. string.format(" %d blocks", count)
end

messages[0x7F] = function(c, m)  -- ERROR
  c:everything(f.extended_error_data)
  m.text = m.text .. " " .. (error_names[m.param1] or string.format("0x%02x", m.param1))
end

-- Params that have names of their own.
local params = {
  [0x01] = { f.supported_slots, f.slot_mask },
  [0x02] = { f.slot, nil },
  [0x03] = { f.slot, f.slot_mask },
  [0x7F] = { f.error_code, f.error_data },
  [0x82] = { f.slot, nil },
  [0x83] = { f.slot, f.summary_type },
  [0xE0] = { nil, f.operation },
}
-- Messages that end with their header.
local header_only = { [0x81] = true, [0x84] = true }

local function show_param(tree, own, field, range)
  tree:add_le(field, range)
  if own then tree:add_le(own, range) end
end

-- Exported PDUs have no addresses: the sides stand in the columns.
local kSent, kReceived = 0, 1
local function show_sides(pinfo)
  if pinfo.p2p_dir ~= kSent and pinfo.p2p_dir ~= kReceived then return end
  local is_sent = pinfo.p2p_dir == kSent
  pinfo.cols.src = is_sent and "requester" or "responder"
  pinfo.cols.dst = is_sent and "responder" or "requester"
end

function spdm.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "SPDM"
  show_sides(pinfo)
  local tree = root:add(spdm, tvb())
  local c = cursor(tvb, tree, 0)
  local version = c:number(f.version, 1)
  local code = c:number(f.code, 1)
  if c.short or c:left() < 2 then
    tree:add_proto_expert_info(short)
    pinfo.cols.info = "a message without a header"
    return tvb:len()
  end
  local own = params[code] or {}
  show_param(tree, own[1], f.param1, tvb:range(2, 1))
  show_param(tree, own[2], f.param2, tvb:range(3, 1))
  c.at = 4
  local now, later = context_of(tvb, pinfo)
  local name = code_names[code] or string.format("code 0x%02x", code)
  local m = { version = version, param1 = tvb:range(2, 1):uint(), param2 = tvb:range(3, 1):uint(), now = now, later = later,
              text = name .. " " .. (version_names[version] or string.format("0x%02x", version)) }
  if code == 0x84 then later.hash, later.summary, later.is_signed = nil, nil, nil end  -- all begins again
  if messages[code] then
    messages[code](c, m)
  elseif not header_only[code] then
    c:everything(f.data)
  end
  c:everything(f.rest)
  tree:append_text(", " .. m.text)
  pinfo.cols.info = m.text
  return tvb:len()
end

function secured.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "SPDM"
  show_sides(pinfo)
  local tree = root:add(secured, tvb())
  local c = cursor(tvb, tree, 0)
  local id = c:number(f.session_id, 4)
  c:everything(f.encrypted)
  pinfo.cols.info = string.format("secured message, session 0x%08x", id)
  return tvb:len()
end

-- What is below: PCI DOE, MCTP, TCP -----------------------------------------------------------------------------------

local function inner(is_secured, tvb, at, size, pinfo, root)
  if size == 0 then return end
  local dissector = is_secured and secured.dissector or spdm.dissector
  dissector(tvb:range(at, size):tvb(), pinfo, root)
end

function doe.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "PCI DOE"
  local tree = root:add(doe, tvb(0, math.min(8, tvb:len())))
  local c = cursor(tvb, tree, 0)
  c:take(f.doe_vendor, 2)
  local kind = c:number(f.doe_type, 1)
  c:take(f.reserved, 1)
  local dwords = c:number(f.doe_length, 4) % 0x40000
  if c.short then return tvb:len() end
  if dwords == 0 then dwords = 0x40000 end  -- PCIe r6.x 6.30.1
  if 4 * dwords ~= tvb:len() then
    tree:add_proto_expert_info(wrong, string.format("the header says %d bytes, there are %d", 4 * dwords, tvb:len()))
  end
  if kind == 1 or kind == 2 then inner(kind == 2, tvb, 8, tvb:len() - 8, pinfo, root) end
  return tvb:len()
end

function mctp.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "MCTP"
  local tree = root:add(mctp, tvb(0, math.min(1, tvb:len())))
  local kind = cursor(tvb, tree, 0):number(f.mctp_type, 1)
  if kind == 5 or kind == 6 then inner(kind == 6, tvb, 1, tvb:len() - 1, pinfo, root) end
  return tvb:len()
end

-- Waits for the rest of a frame, where TCP can bring it. Returns whether it does.
local function wait_for(pinfo, at, missing)
  if pinfo.can_desegment == 0 then return false end
  pinfo.desegment_offset = at
  pinfo.desegment_len = missing
  return true
end

function tcp.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "SPDM/TCP"
  local at = 0
  while at < tvb:len() do
    local left = tvb:len() - at
    if left < 4 and wait_for(pinfo, at, DESEGMENT_ONE_MORE_SEGMENT) then return at end
    -- The length counts version and type, too.
    local size = left < 4 and left or math.max(2 + tvb:range(at, 2):le_uint(), 4)
    if size > left and wait_for(pinfo, at, size - left) then return at end
    local tree = root:add(tcp, tvb:range(at, math.min(4, left)))
    local c = cursor(tvb, tree, at)
    c:take(f.tcp_length, 2)
    c:take(f.tcp_version, 1)
    local kind = c:number(f.tcp_type, 1)
    if c.short then return tvb:len() end
    if size > left then
      tree:add_proto_expert_info(short, string.format("%d bytes are missing", size - left))
      size = left
    end
    if kind == 5 or kind == 6 then inner(kind == 6, tvb, at + 4, size - 4, pinfo, root) end
    at = at + size
    if at < tvb:len() then
      pinfo.cols.info:append("; ")
      pinfo.cols.info:fence()
    end
  end
  return tvb:len()
end

DissectorTable.get("tcp.port"):add(kTcpPort, tcp)
