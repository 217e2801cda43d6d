import { each, list } from "./list.ts";
import type { FilePhrases } from "./phrases.ts";

export const englishDev: FilePhrases = {
  customers: [
    each("North Blue Copper Stone Tide Larch Quill Ember Hollow Silver Marsh Raven Amber Thorn"),
    each("gate fern leaf brook water wick field"),
  ],
  people: each(
    "Solheim Okafor Lindqvist Moreau Castellan Vasquez Brandt Novotny Ferreira Kowalski Duarte Haugen Iversen Petrescu",
  ),
  projects: each("Sextant Bramble Cobalt Drumlin Falcata Gantry Hopper Isthmus Juncture Kiln Lantern Meridian"),
  topics: [
    {
      world: "work",
      term: "GPU",
      says: list(`
        The {t} nodes for {c} draw four kilowatts each.
        {c} reserved every {t} with eighty gigabytes of memory.
        Delivery of the next {t} batch slips to the third quarter.`),
      asks: list(`
        hardware that trains neural networks
        graphics accelerators for machine learning`),
    },
    {
      world: "work",
      term: "forklift",
      says: list(`
        Each {t} at {c} is charged during the second break.
        The {t} with the bent mast was taken off the floor.
        {c} leases one {t} more for the high racks.`),
      asks: list(`
        vehicles that raise pallets
        machines for lifting heavy crates`),
    },
    {
      world: "work",
      term: "photovoltaic",
      says: list(`
        The {t} modules on the roof of {c} face south-west.
        {c} expects the {t} array to feed in before summer.
        One {t} string failed its insulation test.`),
      asks: list(`
        electricity from sunlight
        solar power generation`),
    },
    {
      world: "work",
      term: "payroll",
      says: list(`
        The {t} of {c} closes on the twenty-fifth.
        A wrong tax class went into the {t} for May.
        {c} moves its {t} to the shared centre.`),
      asks: list(`
        monthly wages of employees
        how staff salaries get paid`),
    },
    {
      world: "work",
      term: "firewall",
      says: list(`
        Two {t} rules of {c} contradict each other.
        The {t} drops packets from the old branch office.
        {c} renews the {t} licence every spring.`),
      asks: list(`
        keeping intruders away from computers
        protection against network attacks`),
    },
    {
      world: "work",
      term: "refrigeration",
      says: list(`
        The {t} unit at {c} runs at minus eighteen degrees.
        A compressor of the {t} line leaks oil.
        {c} wants a second {t} chamber for fish.`),
      asks: list(`
        cooling of perishable goods
        cold storage with freezers`),
    },
    {
      world: "work",
      term: "translation",
      says: list(`
        The {t} for {c} covers six languages.
        {c} rejected the {t} of the operating manual.
        Every {t} is read by a second linguist.`),
      asks: list(`
        rendering texts into foreign tongues
        interpreters and multilingual documents`),
    },
    {
      world: "work",
      term: "catering",
      says: list(`
        The {t} at {c} serves three hundred plates at noon.
        {c} asked for {t} without nuts.
        The {t} crew arrives by the side door.`),
      asks: list(`
        food and drinks for guests
        banquets and buffet lunches`),
    },
    {
      world: "work",
      term: "elevator",
      says: list(`
        The {t} in the east wing of {c} stops between floors.
        {c} ordered a glass {t} for the lobby.
        The {t} cable is due for replacement.`),
      asks: list(`
        lifts carrying people upstairs
        vertical transport inside buildings`),
    },
    {
      world: "work",
      term: "audit",
      says: list(`
        The {t} of {c} found two missing receipts.
        {c} has the {t} on the ninth.
        A finding of the {t} was closed without action.`),
      asks: list(`
        inspection of the accounting books
        official examination of financial statements`),
    },
    {
      world: "kitchen",
      term: "risotto",
      says: list(`
        {c} stirs the {t} with white wine and saffron.
        The {t} rests two minutes under the lid.`),
      asks: list(`
        creamy Italian rice
        a northern Italian dish of arborio grain`),
    },
    {
      world: "kitchen",
      term: "pancake",
      says: list(`
        {c} turns each {t} when its edge is dry.
        A {t} takes a ladle of batter.`),
      asks: list(`
        flat breakfast cakes for a skillet
        crêpes with syrup`),
    },
    {
      world: "kitchen",
      term: "sourdough",
      says: list(`
        {c} feeds the {t} at six in the evening.
        The {t} proves overnight in its basket.`),
      asks: list(`
        bread from wild yeast
        naturally leavened loaf`),
    },
    {
      world: "journey",
      term: "glacier",
      says: list(`
        {c} crossed the {t} with a rope and an axe.
        The {t} has lost a mile since the last visit.`),
      asks: list(`
        frozen river of ice high in the mountains
        hiking on permanent snow`),
    },
    {
      world: "journey",
      term: "lighthouse",
      says: list(`
        {c} climbed the {t} in the fog.
        The {t} blinks twice every ten seconds.`),
      asks: list(`
        tower guiding ships at night
        beacon by the sea`),
    },
    {
      world: "journey",
      term: "monastery",
      says: list(`
        {c} slept at the {t} above the pass.
        The {t} rings its bell at four.`),
      asks: list(`
        where monks live and pray
        religious community with a cloister`),
    },
  ],
  stories: [
    {
      says: list(`
        A pipe burst over the archive and soaked forty boxes.
        We dried the folders page by page with fans.`),
      asks: list(`
        paper records ruined by a water leak
        flooding damaged old documents`),
    },
    {
      says: list(`
        A fox moved in beneath the loading ramp and had four cubs.
        Nobody parks there until they leave.`),
      asks: list(`
        wild animal raised its young at our premises
        baby predators living under the dock`),
    },
    {
      says: list(`
        The mayor got stuck in the revolving door for twenty minutes.
        The press took pictures through the pane.`),
      asks: list(`
        politician trapped at an entrance
        embarrassing incident with a city official`),
    },
    {
      says: list(`
        A parcel from 1987 turned up behind the boiler.
        Its stamps are worth more than what was in it.`),
      asks: list(`
        mail delivered decades late
        forgotten package found in the basement`),
    },
    {
      says: list(`
        The new alarm went off at every hiccup of the intern.
        Its microphone was set far too high.`),
      asks: list(`
        oversensitive sound detector triggered by a trainee
        false siren due to a person's noises`),
    },
    {
      says: list(`
        Somebody painted the whole bicycle shed turquoise one Sunday.
        The culprit left a signed poem.`),
      asks: list(`
        anonymous artist recoloured the cycle parking
        graffiti over the weekend`),
    },
    {
      says: list(`
        The choir rehearsed in the stairwell because the hall had no heat.
        The echo was so fine that they stayed.`),
      asks: list(`
        singers practised between floors
        music group with wonderful acoustics`),
    },
    {
      says: list(`
        A swarm of bees settled on the traffic mirror.
        A keeper from the village took them home in a hat box.`),
      asks: list(`
        stinging insects collected by an apiarist
        honey makers outside on the road`),
    },
  ],
  kinds: {
    contract: { word: "contract", titles: list("Contract on {t} with {c}\nContract with {c}") },
    minutes: { word: "minutes", titles: list("Minutes: {t} at {c}\nMinutes of the round with {c}") },
    report: { word: "report", titles: list("Report on {t} for {c}\nReport to {c}") },
    letter: { word: "letter", titles: list("Letter to {c} about {t}\nLetter to {c}") },
    bug: { word: "bug", titles: list("Bug: {t} software of {c}\nBug seen by {c}") },
    ledger: { word: "ledger", titles: list("Ledger {t} {c}\nLedger {c}") },
    recipe: { word: "recipe", titles: list("Recipe: {t} by {c}\nRecipe from {c}") },
    diary: { word: "diary", titles: list("Diary: the {t} with {c}\nDiary of days with {c}") },
    note: { word: "scrapbook", titles: list("Scrapbook page\nOdds and ends") },
    code: { word: "module", titles: list("Part of {c}.\nBelongs to {c}.") },
  },
  codes: each("QX VR LN TB"),
  coded: list(`
    This belongs to matter {n}.
    Please quote {n} in every reply.
    Reference: {n}.`),
  mentions: list(`
    {c} was named in passing.
    Somebody asked whether {c} does the same; nobody knew.`),
  columns: list("date\nposition\nquantity\nprice\nstate\nremark"),
  filler: {
    pattern: "{w} {d} {o} {h}.",
    who: list(`
      The morning shift
      Our neighbour upstairs
      The committee
      A visitor from the ministry
      The younger colleague
      Nobody in particular
      The caretaker
      The planning group
      A careful reader
      The person on call
      The other half of the team
      Whoever came first
      The temporary clerk
      The woman at the desk
      The two interns
      An old friend`),
    does: each(
      "counted mentioned moved described checked forgot sorted praised postponed copied measured opened collected compared ignored labelled",
    ),
    what: list(`
      the spare keys
      a stack of cardboard
      the list of wishes
      the second draft
      a handful of screws
      the calendar on the wall
      the blue folder
      three empty chairs
      the usual forms
      a question about parking
      the window handles
      the remaining stickers
      the box of samples
      a sketch of the yard
      the numbers of last year
      the guest book`),
    how: list(`
      before the break
      without any hurry
      for the third time
      in about {n} minutes
      on the way home
      with some doubts
      until the light went
      as everybody had hoped
      on page {n}
      and said no more of it
      after the rain
      when the phone rang
      with {n} others
      in the small room`),
  },
  identifiers: [
    each("reconcile parse flatten schedule collect render validate merge throttle resolve"),
    each("Harbor Ledger Tensor Parcel Window Cursor Signal Thread Basket Folder"),
    each("Queue Digest Frame Shard Budget Mirror Anchor Batch Probe Grid"),
  ],
  askNamed: list(`
    {a}, anything involving {c}
    what do we have regarding {a} and {c}`),
  askMetadata: {
    yesterday: list("the {k} about {t} that I edited yesterday\n{k} on {t} touched yesterday"),
    lastWeek: list("the {k} about {t} that I edited last week\nlast week's {k} on {t}"),
    lastMonth: list("the {k} about {t} that I edited last month"),
    inMonth: list("the {k} about {t} last changed in {m}"),
  },
};
