<?php
// php sabre_receiver.php SABRE_VOBJECT < [messages]  → JSON: the attendee's calendar after each, as sabre/vobject's
// iTIP broker (the one of Nextcloud, Baïkal and ownCloud) leaves it.

namespace Sabre\Xml {
    class Writer {}
    interface XmlSerializable {}
}

namespace {
    spl_autoload_register(function (string $class) use ($argv): void {
        $prefix = 'Sabre\\VObject\\';
        if (str_starts_with($class, $prefix)) {
            require $argv[1].'/lib/'.str_replace('\\', '/', substr($class, strlen($prefix))).'.php';
        }
    });

    $broker = new Sabre\VObject\ITip\Broker();
    $calendar = null;
    $states = [];
    foreach (json_decode(stream_get_contents(STDIN)) as $text) {
        $object = Sabre\VObject\Reader::read($text);
        $faults = array_filter($object->validate(), fn ($fault) => $fault['level'] >= 3);
        $message = new Sabre\VObject\ITip\Message();
        $message->component = 'VEVENT';
        $message->method = (string) $object->METHOD;
        $message->uid = (string) $object->VEVENT->UID;
        $message->sequence = (string) $object->VEVENT->SEQUENCE;
        $message->sender = (string) $object->VEVENT->ORGANIZER;
        $message->recipient = (string) $object->VEVENT->ATTENDEE;
        $message->message = $object;
        $calendar = $broker->processMessage($message, $calendar);
        $event = $calendar->VEVENT;
        $states[] = [
            'uid' => (string) $event->UID,
            'events' => count($calendar->select('VEVENT')),
            'sequence' => (int) (string) $event->SEQUENCE,
            'status' => (string) $event->STATUS,
            'start' => $event->DTSTART->getDateTime()->getTimestamp(),
            'summary' => (string) $event->SUMMARY,
            'faults' => array_column(array_values($faults), 'message'),
        ];
    }
    echo json_encode($states);
}
