<?php
// Verify upload receipts of Postern, and take each upload once. Needs the extensions openssl (ES256) and sodium (EdDSA) for key pairs.
//
//   php receipt.php < requests      one a line: {"receipt", "issuer", "profile", "subject", "nonce", "secrets" or "keys"}
//
// prints a line for each: what the receipt says, or why it is refused.
declare(strict_types=1);

const LEEWAY = 30; // seconds that two clocks may differ
const KNOWN = ['iss', 'aud', 'jti', 'sub', 'profile', 'bucket', 'key', 'version', 'size', 'type', 'etag', 'filename',
    'checksum', 'metadata', 'nonce', 'iat', 'exp'];

/** The receipt isn't genuine, or isn't the one expected. */
class Refused extends Exception
{
}

function encode(string $raw): string
{
    return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
}

function decode(string $text): string
{
    $raw = base64_decode(strtr($text, '-_', '+/'), true);
    if ($raw === false || encode($raw) !== $text) {
        throw new Refused('malformed');
    }
    return $raw;
}

function decode_json(string $text): array
{
    $value = json_decode(decode($text), true, 8, JSON_BIGINT_AS_STRING);
    if (!is_array($value) || array_is_list($value)) {
        throw new Refused('malformed');
    }
    return $value;
}

function key_id(string $secret): string
{
    return encode(substr(hash_hmac('sha256', 'postern receipt key id', $secret, true), 0, 6));
}

function der(string $raw): string // an unsigned number of a DER signature
{
    $raw = ltrim($raw, "\0");
    if ($raw === '' || ord($raw[0]) > 127) {
        $raw = "\0" . $raw;
    }
    return "\x02" . chr(strlen($raw)) . $raw;
}

function is_signed_by_pair(string $text, string $signature, array $jwk): bool
{
    if ($jwk['alg'] === 'EdDSA') {
        return strlen($signature) === 64 && sodium_crypto_sign_verify_detached($signature, $text, decode($jwk['x']));
    }
    if (strlen($signature) !== 64) {
        return false;
    }
    // SubjectPublicKeyInfo of an uncompressed point on P-256.
    $spki = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200') . "\x04" . decode($jwk['x']) . decode($jwk['y']);
    $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($spki), 64, "\n") . "-----END PUBLIC KEY-----\n";
    $numbers = der(substr($signature, 0, 32)) . der(substr($signature, 32));
    return openssl_verify($text, "\x30" . chr(strlen($numbers)) . $numbers, $pem, OPENSSL_ALGO_SHA256) === 1;
}

/** The key that the receipt names, among ours alone, with that key's one algorithm. */
function check_signature(array $header, string $text, string $signature, array $secrets, array $keys): void
{
    if (($header['typ'] ?? null) !== 'postern-receipt+jwt' || array_key_exists('crit', $header)) {
        throw new Refused('malformed');
    }
    $alg = $header['alg'] ?? null;
    $kid = $header['kid'] ?? null;
    foreach ($secrets as $secret) {
        if ($alg === 'HS256' && $kid === key_id($secret) && hash_equals(hash_hmac('sha256', $text, $secret, true), $signature)) {
            return;
        }
    }
    foreach ($keys as $jwk) {
        if (in_array($alg, ['EdDSA', 'ES256'], true) && $alg === $jwk['alg'] && $kid === $jwk['kid'] && is_signed_by_pair($text, $signature, $jwk)) {
            return;
        }
    }
    throw new Refused('signature');
}

/** What the receipt says. $keys is the list at /receipts/keys; $nonce binds it to your session on public profiles. */
function verify(string $receipt, string $issuer, string $profile, string $subject, string $nonce = '', array $secrets = [], array $keys = [], ?float $now = null): array
{
    $now ??= microtime(true);
    if (strlen($receipt) > 4096 || !preg_match('/\A[\w-]+\.[\w-]+\.[\w-]+\z/', $receipt)) {
        throw new Refused('malformed');
    }
    [$header, $payload, $signature] = explode('.', $receipt);
    check_signature(decode_json($header), "$header.$payload", decode($signature), $secrets, $keys);
    $claims = decode_json($payload);
    if (($claims['aud'] ?? null) !== 'postern:receipt' || array_diff(array_keys($claims), KNOWN)) {
        throw new Refused('malformed');
    }
    foreach (['iat', 'exp', 'size'] as $name) {
        if (!is_int($claims[$name] ?? null) || $claims[$name] < 0) {
            throw new Refused('malformed');
        }
    }
    foreach (['jti', 'sub', 'profile', 'bucket', 'key', 'etag'] as $name) {
        if (!is_string($claims[$name] ?? null) || $claims[$name] === '') {
            throw new Refused('malformed');
        }
    }
    match (true) {
        $claims['iss'] !== $issuer => throw new Refused('issuer'),
        $claims['iat'] > $now + LEEWAY => throw new Refused('early'),
        $claims['exp'] <= $now - LEEWAY => throw new Refused('expired'),
        $claims['profile'] !== $profile => throw new Refused('profile'),
        $claims['sub'] !== $subject => throw new Refused('subject'),
        ($claims['nonce'] ?? '') !== $nonce => throw new Refused('nonce'),
        default => null,
    };
    return $claims;
}

/**
 * Takes an upload for one row. Call it in the transaction that writes the row: the same row may claim it again, another may not.
 *
 *   create table uploads (id text primary key, row text not null, key text not null)
 */
function claim(PDO $database, array $claims, string $row): void
{
    $database->prepare('insert into uploads (id, row, key) values (?, ?, ?) on conflict (id) do nothing')
        ->execute([$claims['jti'], $row, $claims['key']]);
    $owner = $database->prepare('select row from uploads where id = ?');
    $owner->execute([$claims['jti']]);
    if ($owner->fetchColumn() !== $row) {
        throw new Refused('claimed');
    }
}

if (realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) {
    while (($line = fgets(STDIN)) !== false) {
        $request = json_decode($line, true, 16, JSON_THROW_ON_ERROR);
        try {
            $answer = ['said' => verify($request['receipt'], $request['issuer'], $request['profile'], $request['subject'], $request['nonce'] ?? '',
                $request['secrets'] ?? [], $request['keys'] ?? [], $request['now'] ?? null)];
        } catch (Refused $reason) {
            $answer = ['refused' => $reason->getMessage()];
        }
        echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
    }
}
