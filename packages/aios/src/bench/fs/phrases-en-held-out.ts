import { each, list } from "./list.ts";
import type { FilePhrases } from "./phrases.ts";

export const englishHeldOut: FilePhrases = {
  customers: [
    each("Ash Birch Crane Drake Elm Falcon Grove Heron Ivy Jade Kelp Linden Moor Osprey"),
    each("haven ridge mere holt combe dale stead"),
  ],
  people: each(
    "Abernathy Bianchi Czerny Delacroix Eriksen Fontaine Grimaldi Hashimoto Ibarra Jankovic Kimani Lavoie Mbeki Nakamura",
  ),
  projects: each(
    "Almanac Bulwark Caravan Dovetail Estuary Filament Gazelle Heliograph Indigo Jackdaw Knapsack Lodestar",
  ),
  topics: [
    {
      world: "work",
      term: "turbine",
      says: list(`
        {c} spins up the {t} again after the storm.
        A blade of the {t} at {c} shows hairline cracks.
        The gearbox inside the {t} hums at low load.`),
      asks: list(`
        windmills making energy
        rotating generators driven by moving air`),
    },
    {
      world: "work",
      term: "scanner",
      says: list(`
        {c} keeps its {t} beside the post room.
        The {t} jams on thin paper.
        For {c} the {t} must read both sides at once.`),
      asks: list(`
        digitising printed sheets
        device turning documents into images`),
    },
    {
      world: "work",
      term: "insurance",
      says: list(`
        The {t} held by {c} excludes hail.
        {c} raised its {t} after the second theft.
        Premiums of the {t} fall due in autumn.`),
      asks: list(`
        coverage against loss and damage
        policy that compensates accidents`),
    },
    {
      world: "work",
      term: "encryption",
      says: list(`
        {c} demands {t} of every backup.
        Its {t} keys are rotated each quarter, {c} writes.
        The old {t} suite must be switched off.`),
      asks: list(`
        making secret messages unreadable for outsiders
        cryptography protecting confidential files`),
    },
    {
      world: "work",
      term: "fertilizer",
      says: list(`
        {c} stores {t} in the dry barn.
        The {t} spreader of {c} was calibrated.
        Less {t} goes on the slope.`),
      asks: list(`
        nutrients for growing crops
        feeding soil with nitrogen`),
    },
    {
      world: "work",
      term: "upholstery",
      says: list(`
        {c} picks green {t} for the waiting area.
        The {t} tore along its seam.
        Stains on the {t} were charged to {c}.`),
      asks: list(`
        fabric covering sofas and armchairs
        padded furniture cloth`),
    },
    {
      world: "work",
      term: "drainage",
      says: list(`
        {c} cleans the {t} twice yearly.
        Roots block the {t} below the court.
        New {t} at {c} leads to the pond.`),
      asks: list(`
        removing rainwater through gutters
        sewer channels for surplus rain`),
    },
    {
      world: "work",
      term: "tuition",
      says: list(`
        {c} refunds {t} to whoever passes.
        The {t} rises by four percent.
        Half of the {t} is borne by {c}.`),
      asks: list(`
        fees students pay universities
        cost of attending courses`),
    },
    {
      world: "work",
      term: "vaccine",
      says: list(`
        {c} hands out the {t} on Thursdays.
        The {t} must be thawed slowly.
        Twelve doses of {t} spoiled at {c}.`),
      asks: list(`
        immunisation against disease
        injections preventing influenza`),
    },
    {
      world: "work",
      term: "carpet",
      says: list(`
        {c} glues the {t} down in the gallery.
        A {t} tile lifts near the exit.
        The {t} of {c} swallows footsteps.`),
      asks: list(`
        textile flooring
        soft woven rugs`),
    },
    {
      world: "kitchen",
      term: "goulash",
      says: list(`
        {c} lets the {t} simmer with paprika.
        Two spoons of caraway go into the {t}.`),
      asks: list(`
        spicy Hungarian stew
        slowly braised beef`),
    },
    {
      world: "kitchen",
      term: "chutney",
      says: list(`
        {c} boils the {t} down with raisins.
        The {t} keeps a year in jars.`),
      asks: list(`
        sweet and sour Indian condiment
        pickled fruit relish`),
    },
    {
      world: "kitchen",
      term: "meringue",
      says: list(`
        {c} whips the {t} stiff.
        The {t} dries in a cool oven.`),
      asks: list(`
        dessert of beaten egg whites and sugar
        light crispy foam pastry`),
    },
    {
      world: "journey",
      term: "volcano",
      says: list(`
        {c} looked into the {t} at dawn.
        Ash from the {t} covered our boots.`),
      asks: list(`
        erupting mountain with lava
        magma crater`),
    },
    {
      world: "journey",
      term: "vineyard",
      says: list(`
        {c} picked in the {t} for a week.
        The {t} lies above the bend.`),
      asks: list(`
        harvesting grapes
        where wine comes from`),
    },
    {
      world: "journey",
      term: "bazaar",
      says: list(`
        {c} bargained in the {t} till dusk.
        The {t} smells of cumin.`),
      asks: list(`
        oriental market with merchants
        haggling over souvenirs`),
    },
  ],
  stories: [
    {
      says: list(`
        A goat ate the tender documents during the site tour.
        Only the cover survived.`),
      asks: list(`
        farm animal swallowed important papers
        livestock destroyed the bid`),
    },
    {
      says: list(`
        The clock tower struck thirteen all through July.
        A bent lever was to blame.`),
      asks: list(`
        chimes rang one time too many
        faulty bell mechanism in summer`),
    },
    {
      says: list(`
        Lightning hit the flagpole and melted the rope.
        The banner sailed into the canal.`),
      asks: list(`
        thunderbolt burned a cord
        electrical storm sent the cloth flying`),
    },
    {
      says: list(`
        A retired pilot landed his balloon on our lawn.
        He stayed for tea.`),
      asks: list(`
        aircraft came down unexpectedly on the grass
        airship visitor drank something hot`),
    },
    {
      says: list(`
        The vending machine paid out double on Fridays.
        Word got around quickly.`),
      asks: list(`
        snack dispenser gave too much change
        automat error made colleagues rich`),
    },
    {
      says: list(`
        Two crates of live lobsters were delivered to accounting.
        One escaped into the ceiling.`),
      asks: list(`
        crustaceans sent to the wrong department
        seafood loose in an office`),
    },
    {
      says: list(`
        The snowman competition ended in a fistfight.
        Both juries resigned.`),
      asks: list(`
        winter sculpture contest turned violent
        brawl among judges`),
    },
    {
      says: list(`
        A lost wedding ring was baked into a pretzel.
        The bride laughed longest.`),
      asks: list(`
        jewellery found in pastry
        missing marriage band inside bread`),
    },
  ],
  kinds: {
    contract: { word: "agreement", titles: list("Agreement about {t}, {c}\nAgreement, {c}") },
    minutes: { word: "protocol", titles: list("Protocol, {c}, {t}\nProtocol of a call, {c}") },
    report: { word: "survey", titles: list("Survey of {t} at {c}\nSurvey for {c}") },
    letter: { word: "memo", titles: list("Memo, {t}, to {c}\nMemo to {c}") },
    bug: { word: "defect", titles: list("Defect in {t} of {c}\nDefect, filed by {c}") },
    ledger: { word: "inventory", titles: list("Inventory of {t}, {c}\nInventory, {c}") },
    recipe: { word: "instructions", titles: list("Instructions for {t}, from {c}\nInstructions, {c}") },
    diary: { word: "travelogue", titles: list("Travelogue, {t}, {c}\nTravelogue beside {c}") },
    note: { word: "jotting", titles: list("Jotting\nLeftovers") },
    code: { word: "library", titles: list("Source of {c}.\nInside {c}.") },
  },
  codes: each("JW ZK PH FD"),
  coded: list(`
    File number {n} applies.
    Our sign: {n}.
    All of it is kept under {n}.`),
  mentions: list(`
    {c} came up once, at the end.
    Rumour has it that {c} thinks alike.`),
  columns: list("day\narticle\npieces\namount\nstatus\ncomment"),
  filler: {
    pattern: "{h}, {w} {d} {o}.",
    who: list(`
      the evening crew
      my cousin
      the board
      a stranger with an umbrella
      the senior partner
      almost everybody
      the gardener
      the steering circle
      one attentive listener
      the deputy
      the rest of us
      whoever was late
      the substitute
      the man with the ladder
      both trainees
      a former tenant`),
    does: each(
      "admired borrowed carried discussed dropped emptied folded guarded hid inspected juggled mended noticed polished repeated wrapped",
    ),
    what: list(`
      the paper lanterns
      a bag of gravel
      the seating plan
      the first version
      a bundle of string
      the map by the stairs
      the yellow binder
      seven wooden stools
      the customary questionnaire
      a remark on noise
      the curtain rods
      the leftover badges
      the crate of bottles
      a drawing of the bridge
      the totals so far
      the register of visitors`),
    how: list(`
      After lunch
      With little enthusiasm
      Once more
      Within {n} hours
      Between two trains
      Against all advice
      By candlelight
      Much to our relief
      In chapter {n}
      Quietly
      Before the thaw
      While the kettle sang
      Together with {n} more
      Down in the cellar`),
  },
  identifiers: [
    each("assemble balance compact derive encode filter gather hydrate inspect juggle"),
    each("Avenue Beacon Canvas Drawer Engine Garden Hammer Island Jacket Kettle"),
    each("Ladder Matrix Needle Outlet Pocket Ripple Saddle Ticket Vector Wallet"),
  ],
  askNamed: list(`
    where is the material by {c}: {a}
    {c} – something to do with {a}`),
  askMetadata: {
    yesterday: list("my {t} {k}, modified yesterday\nyesterday I saved some {k}: {t}"),
    lastWeek: list("my {t} {k}, modified last week\nsome {k}, {t}, saved last week"),
    lastMonth: list("my {t} {k}, modified last month"),
    inMonth: list("my {t} {k}, modified during {m}"),
  },
};
