<?php
// Print an upload ticket for Postern: POSTERN_TICKET_KEY=... php mint.php SUBJECT PROFILE...
declare(strict_types=1);

function encode(string $data): string
{
    return rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
}

function encode_json(array $value): string
{
    return encode(json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE));
}

function mint(string $secret, string $subject, array $profiles, int $lifetime = 900): string
{
    $now = time();
    $header = ['alg' => 'HS256', 'typ' => 'JWT'];
    $payload = [
        'sub' => $subject,                      // who uploads: your user's id
        'aud' => 'postern',
        'profiles' => array_values($profiles),  // what may be used
        'iat' => $now,
        'exp' => $now + $lifetime,
        // Optional: 'max_size' => bytes, 'metadata' => [...], 'origin' => 'https://...',
        // 'claims' => [...] for {claim:NAME} in key templates
    ];
    $text = encode_json($header) . '.' . encode_json($payload);
    return $text . '.' . encode(hash_hmac('sha256', $text, $secret, true));
}

$secret = getenv('POSTERN_TICKET_KEY'); // at least 32 bytes
echo mint($secret, $argv[1], array_slice($argv, 2)), "\n";
