# Judges deliveries by the sample beside it: one a line, {"id", "timestamp", "signature", "body", "secrets", "now"}.
require_relative "receiver"

$stdin.each_line do |line|
  d = JSON.parse(line)
  answer = begin
    keys = d["secrets"].map { |secret| Receiver.parse_key(secret) }
    { id: Receiver.verify(*d.values_at("id", "timestamp", "signature", "body"), keys, d["now"]) }
  rescue Receiver::Refused => e
    { refused: e.message }
  end
  puts JSON.generate(answer)
end
