# Verify upload receipts of Postern, and take each upload once. Needs nothing but Ruby with OpenSSL 3.
#
#   ruby receipt.rb < requests      one a line: {"receipt", "issuer", "profile", "subject", "nonce", "secrets" or "keys"}
#
# prints a line for each: what the receipt says, or why it is refused.
require "json"
require "openssl"

LEEWAY = 30 # seconds that two clocks may differ
KNOWN = %w[iss aud jti sub profile bucket key version size type etag filename checksum metadata nonce iat exp].freeze

# The receipt isn't genuine, or isn't the one expected.
class Refused < StandardError; end

def encode(raw)
  [raw].pack("m0").tr("+/", "-_").delete("=")
end

def decode(text)
  raw = text.tr("-_", "+/").unpack1("m")
  raise Refused, "malformed" unless encode(raw) == text

  raw
end

def decode_json(text)
  value = JSON.parse(decode(text).force_encoding("UTF-8"))
  raise Refused, "malformed" unless value.is_a?(Hash)

  value
rescue JSON::ParserError, EncodingError
  raise Refused, "malformed"
end

def key_id(secret)
  encode(OpenSSL::HMAC.digest("SHA256", secret, "postern receipt key id")[0, 6])
end

def signed_by_pair?(text, signature, jwk)
  return false unless signature.bytesize == 64

  if jwk["alg"] == "EdDSA"
    spki = ["302a300506032b6570032100"].pack("H*") + decode(jwk["x"])
    return OpenSSL::PKey.read(spki).verify(nil, signature, text)
  end
  spki = ["3059301306072a8648ce3d020106082a8648ce3d030107034200"].pack("H*") + "\x04".b + decode(jwk["x"]) + decode(jwk["y"])
  numbers = [signature[0, 32], signature[32, 32]].map { |raw| OpenSSL::ASN1::Integer(OpenSSL::BN.new(raw, 2)) }
  OpenSSL::PKey.read(spki).verify("SHA256", OpenSSL::ASN1::Sequence(numbers).to_der, text)
rescue OpenSSL::PKey::PKeyError
  false
end

# The key that the receipt names, among ours alone, with that key's one algorithm.
def check_signature(header, text, signature, secrets, keys)
  raise Refused, "malformed" if header["typ"] != "postern-receipt+jwt" || header.key?("crit")

  alg, kid = header.values_at("alg", "kid")
  by_secret = secrets.any? do |secret|
    wanted = OpenSSL::HMAC.digest("SHA256", secret, text)
    alg == "HS256" && kid == key_id(secret) && wanted.bytesize == signature.bytesize && OpenSSL.fixed_length_secure_compare(wanted, signature)
  end
  by_pair = keys.any? do |jwk|
    %w[EdDSA ES256].include?(alg) && alg == jwk["alg"] && kid == jwk["kid"] && signed_by_pair?(text, signature, jwk)
  end
  raise Refused, "signature" unless by_secret || by_pair
end

def complete?(claims)
  claims["aud"] == "postern:receipt" && (claims.keys - KNOWN).empty? &&
    %w[iat exp size].all? { |name| claims[name].is_a?(Integer) && claims[name] >= 0 } &&
    %w[jti sub profile bucket key etag].all? { |name| claims[name].is_a?(String) && claims[name] != "" }
end

# What the receipt says. keys is the list at /receipts/keys; nonce binds it to your session on public profiles.
def verify(receipt, issuer:, profile:, subject:, nonce: "", secrets: [], keys: [], now: Time.now.to_f)
  raise Refused, "malformed" if receipt.bytesize > 4096 || receipt !~ /\A[\w-]+\.[\w-]+\.[\w-]+\z/

  header, payload, signature = receipt.split(".")
  check_signature(decode_json(header), "#{header}.#{payload}", decode(signature), secrets, keys)
  claims = decode_json(payload)
  raise Refused, "malformed" unless complete?(claims)
  raise Refused, "issuer" if claims["iss"] != issuer
  raise Refused, "early" if claims["iat"] > now + LEEWAY
  raise Refused, "expired" if claims["exp"] <= now - LEEWAY
  raise Refused, "profile" if claims["profile"] != profile
  raise Refused, "subject" if claims["sub"] != subject
  raise Refused, "nonce" if claims.fetch("nonce", "") != nonce

  claims
end

# Takes an upload for one row. Call it in the transaction that writes the row (database is ActiveRecord's connection, or anything with
# its exec_query): the same row may claim it again, another may not.
#
#   create table uploads (id text primary key, row text not null, key text not null)
def claim(database, claims, row)
  database.exec_query("insert into uploads (id, row, key) values ($1, $2, $3) on conflict (id) do nothing", "claim", [claims["jti"], row, claims["key"]])
  owner = database.exec_query("select row from uploads where id = $1", "claim", [claims["jti"]]).first["row"]
  raise Refused, "claimed" if owner != row
end

if $PROGRAM_NAME == __FILE__
  $stdin.each_line do |line|
    request = JSON.parse(line, symbolize_names: true)
    request[:keys]&.each { |jwk| jwk.transform_keys!(&:to_s) }
    receipt = request.delete(:receipt)
    answer = begin
      { said: verify(receipt, **request) }
    rescue Refused => e
      { refused: e.message }
    end
    puts JSON.generate(answer)
  end
end
