// node ical_reader.mjs ICAL_JS < {"texts": […]} | {"runs": [[…], …]}  → JSON
// Reads calendar objects with Mozilla's ical.js (Thunderbird's own parser); or applies each run's messages one after the
// other to an attendee's calendar by RFC 5546's rules for a receiver: what is not newer by (SEQUENCE, DTSTAMP) changes
// nothing. Gives the state after each message.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv[2]).href);

function read(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zones = calendar.getAllSubcomponents("vtimezone").map((zone) => new ICAL.Timezone(zone));
  const instant = (property) => {
    const time = property.getFirstValue();
    const name = property.getParameter("tzid");
    if (name) {
      const zone = zones.find((one) => one.tzid === name);
      if (!zone) throw new Error(`no VTIMEZONE for ${name}`);
      time.zone = zone;
    }
    return time.toUnixTime();
  };
  const events = calendar.getAllSubcomponents("vevent").map((event) => ({
    lines: event.toJSON()[1],
    start: instant(event.getFirstProperty("dtstart")),
    end: instant(event.getFirstProperty("dtend")),
  }));
  return { lines: calendar.toJSON()[1], zones: zones.map((zone) => zone.tzid), events };
}

const value = (event, name) => event.lines.find((line) => line[0] === name)?.[3] ?? null;

function receive(state, text) {
  const { lines, events } = read(text);
  const [event] = events;
  const method = lines.find((line) => line[0] === "method")[3];
  const rank = [Number(value(event, "sequence")), value(event, "dtstamp")];
  const known = state.rank;
  if (known && (rank[0] < known[0] || (rank[0] === known[0] && rank[1] <= known[1]))) return state;
  const status = method === "CANCEL" ? "CANCELLED" : value(event, "status");
  return { rank, uid: value(event, "uid"), status, start: event.start, summary: value(event, "summary") };
}

const input = JSON.parse(readFileSync(0, "utf8"));
function run(messages) {
  let state = {};
  return messages.map((text) => (state = receive(state, text)));
}

const output = input.texts ? input.texts.map(read) : input.runs.map(run);
process.stdout.write(JSON.stringify(output));
