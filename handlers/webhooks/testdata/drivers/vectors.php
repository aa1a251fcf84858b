<?php
// Judges deliveries by the sample beside it: one a line, {"id", "timestamp", "signature", "body", "secrets", "now"}.
declare(strict_types=1);

require 'receiver.php';

while (($line = fgets(STDIN)) !== false) {
    $d = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    try {
        $id = verify($d['id'], $d['timestamp'], $d['signature'], $d['body'], array_map('parse_key', $d['secrets']), $d['now']);
        echo json_encode(['id' => $id]), "\n";
    } catch (Refused $reason) {
        echo json_encode(['refused' => $reason->getMessage()]), "\n";
    }
}
