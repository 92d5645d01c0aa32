# SPDX-License-Identifier: MIT OR Apache-2.0
"""Endless small stories for children, made by chance from templates: the corpus that the model of `rvtile demo` learns.

Templates: `<a|b|c>` chooses one alternative (they nest, and may be empty); `{word}` is a fact of the story at hand, such as the
hero's name, so that what is said once stays true. `a` becomes `an` and sentences get their capital at the end.
"""

import random
import re

GIRLS = "Lily Mia Anna Lucy Ella Rosa Nora Emma Ruby Maya Zoe Ivy Clara Tina Sue Molly".split()
BOYS = "Tom Ben Max Sam Leo Tim Jack Finn Oscar Noah Theo Hugo Dan Otto Billy Peter".split()
PETS = "Pip Coco Bobo Hazel Dot Fuzzy Sunny Teddy Nutty Biscuit Pepper Daisy Bean Toby Pebble Clover".split()
ANIMALS = "rabbit fox bear mouse duck cat dog frog squirrel hedgehog owl pig sheep goat".split()
COLOURS = "red blue green yellow white brown purple orange".split()
TOYS = "ball|kite|hat|drum|toy car|toy boat|doll|book|bell|scarf|bag|cup|spoon|flute|puzzle|teddy bear".split("|")
PLACES = "garden|park|forest|field|meadow|farm|beach|river|hill|pond|yard|market".split("|")
FOODS = "cake|pie|soup|bread|honey|jam|pancakes|cookies|apples|berries|carrots|nuts".split("|")
PLURAL = {"pancakes", "cookies", "apples", "berries", "carrots", "nuts"}


class Teller:
    """One story: its facts and the dice."""

    def __init__(self, rng):
        self.rng = rng
        self.facts = {}
        self.person("", rng.random() < 0.6)
        self.person("f", rng.random() < 0.4, other=self.facts["name"])
        f = self.facts
        f["toy"], f["toy2"] = rng.sample(TOYS, 2)
        f["colour"], f["colour2"] = rng.sample(COLOURS, 2)
        f["place"], f["place2"], f["place3"] = rng.sample(PLACES, 3)
        f["food"], f["food2"] = rng.sample(FOODS, 2)
        f["was"] = "were" if f["food"] in PLURAL else "was"
        f["parent"] = rng.choice(["mom", "dad", "grandma", "grandpa"])
        f["phe"], f["phim"] = ("she", "her") if f["parent"] in ("mom", "grandma") else ("he", "him")
        f["trait"] = rng.choice("kind brave curious shy clever funny gentle quiet happy".split())
        f["size"] = rng.choice(["little", "small", "young"])

    def person(self, tag, human, other=None):
        """Facts of the hero (no tag) or of the friend (`f`)."""
        girl = self.rng.random() < 0.5
        kind = ("girl" if girl else "boy") if human else self.rng.choice(ANIMALS)
        names = (GIRLS if girl else BOYS) if human else PETS
        name = self.rng.choice([n for n in names if n != other])
        words = ("she", "her", "her", "herself") if girl else ("he", "his", "him", "himself")
        self.facts.update(zip([tag + k for k in ("kind", "name", "he", "his", "him", "self")], (kind, name, *words)))

    def say(self, template):
        """A template made into text."""
        inner = re.compile(r"<([^<>]*)>")
        while inner.search(template):
            template = inner.sub(lambda m: self.rng.choice(m.group(1).split("|")), template, count=1)
        return template.format(**self.facts)

    def story(self):
        plot = self.rng.choice(PLOTS)
        parts = [self.say(OPENING)] + [self.say(part) for part in plot] + [self.say(ENDING)]
        return polish(" ".join(parts))


def polish(text):
    """Articles, spaces and capitals."""
    text = re.sub(r" +", " ", text).strip()
    text = re.sub(r" ([.,!?])", r"\1", text)
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    # Who speaks goes on in lower case behind a closing quotation mark.
    speaker = r'(?!(?:(?:he|she) )?(?:said|asked|thought|cried|shouted)\b)'
    return re.sub(rf'(^|[.!?] "?|[.!?]" (?:"|{speaker})|, ")([a-z])', lambda m: m.group(1) + m.group(2).upper(), text)


OPENING = """<once upon a time, there was|one day there was|long ago, there was|there once was> a {size}<| {trait}> {kind}
 <named|called> {name}. <{name} lived <near|by|next to> a {place}<| with {his} {parent}>.|{name} loved to <play in the {place}|eat {food}
|sing|run and jump|look at the stars|draw|play with {his} {toy}>.|every day {he} <played in|walked to|went to> the {place}.|{name} was
 very {trait}<| and <everyone|all the animals> liked {him}>.>""".replace("\n", "")

ENDING = """<{name} was very happy.|they <laughed|smiled> and <hugged|danced|sang> together.|{he} <smiled|laughed> and felt <proud|happy|warm>.
|from that day on, {name} and {fname} were <best friends|good friends>.|that night {name} <slept well|had sweet dreams|dreamed of the {place}>.
|it was a <wonderful|lovely|good|great> day.|and they all lived happily ever after.|{he} <told {his} {parent} all about it|could not wait for tomorrow>.>""".replace("\n", "")

# Each plot is a list of templates, told in order.
PLOTS = [
    # Something is lost and found.
    [
        "one <morning|day|afternoon>, {name} could not find {his} {colour} {toy}. <{he} was very sad.|{he} started to cry.|\"Where is my {toy}?\" {he} <asked|said>.>",
        "<first |>{he} looked <under the bed|behind the door|in the kitchen|under the table>, but it was not there. <then {he} looked in the {place2}, but it was not there either.|{he} looked <again and again|everywhere>.|>",
        "{his} friend {fname} the {fkind} came by. \"<Why are you sad|What is wrong>?\" asked {fname}. \"I lost my {toy},\" said {name}. \"<I will help you|Let us look together|Do not worry, we will find it>,\" said {fname}.",
        "they <walked|ran|went> to the {place3} and looked <behind a big tree|under the leaves|near the old gate|between the flowers|behind a rock>. <suddenly|then|at last>, {fname} saw something {colour}. <it was the {toy}!|\"Look, your {toy}!\" said {fname}.>",
        "\"<Thank you, {fname}|You are a good friend|You found it>!\" said {name}. <they played with the {toy} all day.|{he} gave {fname} <a big hug|some {food}>.|{name} <promised to|said {he} would> take better care of {his} {toy}.>",
    ],
    # Somebody needs help.
    [
        "one <sunny|rainy|windy|cold> day, {name} <heard a <small|strange|sad> sound|heard someone cry> in the {place2}. <{he} stopped and listened.|{he} wanted to know what it was.|>",
        "it was a {fkind} named {fname}. {fname} was stuck <in a hole|under a branch|in the mud|behind a fence>. \"<Please help me|Can you help me|Help>!\" <said|cried> {fname}.",
        "{name} was <a bit scared|small>, but {he} wanted to help. {he} <found a long stick|got a strong rope|ran to get {his} {parent}|pushed and pulled>. <it was hard work.|\"Hold on!\" {he} said.|>",
        "<at last|after a while|finally> {fname} was free. \"Thank you, you <saved me|are so kind|are very brave>,\" said {fname}. <\"You are welcome,\" said {name}.|{name} smiled.|>",
        "then {fname} gave {name} <a {colour} {toy}|some {food}|a shiny stone|a {colour} flower>. <they shared some {food2} and talked.|they <played|walked> together <until the sun went down|all day>.|{name} learned that <helping others feels good|it is good to help>.>",
    ],
    # Sharing.
    [
        "one day, {name} and {his} friend {fname} found a {colour} {toy} in the {place2}. \"It is mine!\" said {name}. \"No, it is mine!\" said {fname}.",
        "they both <pulled|wanted it|pulled and pulled>. <the {toy} fell on the ground.|{name} was <angry|mad>.|{fname} started to cry.>",
        "{his} {parent} <came to see|heard the noise|saw them>. \"<Why do you fight|What is the matter>?\" {phe} asked. \"<You can take turns|You can share it|It is more fun to share>,\" {phe} said.",
        "{name} thought about it. \"I am sorry, {fname},\" {he} said. \"You can <go first|have it first|play with it too>.\" {fname} <smiled|was happy again>. \"<Thank you|Let us play together>,\" said {fname}.",
        "so they <took turns|shared the {toy}|played together>. <they had a lot of fun.|it was much better than fighting.|after that they ate some {food}.> {name} learned that <sharing is fun|it is good to share|friends are more important than toys>.",
    ],
    # Being afraid.
    [
        "but {name} was afraid of <the dark|the deep water|big dogs|loud thunder|high places>. <{he} did not tell anyone.|when {he} thought about it, {he} wanted to hide.|{his} friends did not know.>",
        "one <night|day|evening>, {fname} the {fkind} asked {name} to come to the {place2}. \"<I cannot|I am scared|I do not want to>,\" said {name}. <{he} looked at {his} feet.|{he} was sad.|>",
        "\"<Everyone is scared sometimes|It is okay to be scared|I was scared too>,\" said {fname}. \"<Take my hand|We will go together|We can go slowly>.\" {name} took a deep breath.",
        "<step by step|slowly|very slowly>, they went <on|to the {place2}>. {name} was <still a little scared|very quiet>, but {he} did not stop. <then {he} opened {his} eyes.|\"You can do it!\" said {fname}.|>",
        "<it was not so bad at all.|nothing bad happened.|it was beautiful.> \"I did it!\" <said|shouted> {name}. {fname} <clapped|was proud of {him}>. {name} learned to be <brave|a little braver every day>.",
    ],
    # Making something.
    [
        "one day, {name} wanted to <make|bake|cook> {food} for {his} {parent}. <{he} had never done it before.|\"It will be a surprise,\" {he} said.|{he} was very excited.>",
        "{he} asked {fname} to help. they <went to the market|looked in the kitchen|got everything they needed>. they <mixed|stirred> and <tasted|waited>. <the kitchen was a big mess.|they sang a song.|>",
        "but <the {food} {was} too salty|the bowl fell on the floor|the fire was too hot and the {food} burned|{name} forgot the sugar>. \"Oh no!\" said {name}. <{he} wanted to give up.|{he} was sad.>",
        "\"<Let us try again|Do not give up|We can do it again>,\" said {fname}. so they started again, and this time they were very careful. <it took a long time.|they worked all morning.|>",
        "when {his} {parent} came home, {phe} <tasted the {food}|saw the {food}|sat down at the table>. \"<This is the best I ever had|This is so good|How lovely>!\" {phe} said. <they all ate together.|{name} and {fname} looked at each other and smiled.>",
    ],
    # A trip and the weather.
    [
        "one <sunny|warm|bright> morning, {name} and {fname} went to the {place2}. they took some {food} and a {colour} {toy}. <\"This will be fun,\" said {fname}.|the birds were singing.|the sky was blue.>",
        "they <played in the grass|climbed a tree|looked for shells|picked flowers|chased butterflies>. <then they sat down and ate the {food}.|they laughed a lot.|{name} showed {fname} <how to fly a kite|a tiny bug|a secret path>.>",
        "suddenly, <the sky became dark|it began to rain|the wind blew hard|a big cloud came>. \"<What do we do?|We must go home!|I am cold!>\" said {fname}. {name} looked around.",
        "{he} saw <an old house|a big tree|a little cave|a barn>. they ran there <as fast as they could|hand in hand>. inside, it was <warm|dry|dry and quiet>. they told each other stories<| and ate the rest of the {food}>.",
        "<soon|after a while|then> the rain stopped. <there was a rainbow over the {place2}.|the sun came out again.> \"<Look how beautiful it is|It is like magic>!\" said {name}. they walked home <with wet shoes|happy and tired>.",
    ],
    # A present.
    [
        "it was the birthday of {his} {parent}. {name} wanted to give {phim} a present, but {he} had no money. <\"What can I do?\" {he} thought.|{he} thought and thought.|>",
        "{he} went to the {place2} to find something. {he} saw a {colour} flower, but <it was too small|a bee was in it>. {he} saw a {colour2} stone, but it was too heavy.",
        "then {he} met {fname} the {fkind}. \"<You can make something|A present does not need money|Make something with your own hands>,\" said {fname}. <that was a good idea.|{name} jumped up.|>",
        "so {name} made <a {colour} card|a picture of the {place}|a crown of leaves|a little song|a {colour} hat>. {fname} <helped {him}|gave {him} some paper|sat next to {him}>. it <took all day|was not easy>, but it was <pretty|perfect>.",
        "in the evening {name} gave it to {his} {parent}. \"<Did you make this|Is this for me>? I love it!\" said {his} {parent}. {phe} gave {name} a <big|long|warm> hug. <the best presents come from the heart.|>",
    ],
    # A rule.
    [
        "\"Do not go to the {place2} alone,\" said {his} {parent}. \"<It is too far|You can get lost|It is not safe>.\" but {name} <was curious|did not listen|wanted to see it>.",
        "one day, {he} <went there|ran away|walked out of the door>. at first it was fun. {he} saw <a {colour} bird|a funny bug|a {colour} butterfly> and <followed it|ran after it>.",
        "<soon|then> {name} did not know the way home. everything looked <different|the same>. it <became dark|was getting late>. \"I want to go home,\" {he} <said|cried>.",
        "a {fkind} named {fname} heard {him}. \"Are you lost?\" {fname} asked. \"<I know the way|Come with me|Follow me>.\" together they walked <past the {place3}|over the hill|along the river> until they saw {name}'s house.",
        "{his} {parent} was waiting at the door. \"I am sorry,\" said {name}. \"<I will listen next time|I will not do it again>.\" {his} {parent} <hugged {him}|was not angry, only glad>. {phe} gave <them both|{name} and {fname}> some {food}.",
    ],
    # A newcomer.
    [
        "one day, a new {fkind} came to the {place}. {fhis} name was {fname}. {fname} was <shy|very quiet> and <sat alone|played alone|did not talk to anyone>.",
        "the others did not <play with|talk to> {fname}. <\"{fname} is strange,\" they said.|they only looked.|> {name} saw that {fname} was <lonely|sad>.",
        "so {name} <walked over|took {his} {colour} {toy} and went over>. \"Hello, I am {name}. Do you want to <play|share my {food}|be my friend>?\" {he} asked. {fname} looked up <and smiled|in surprise>.",
        "\"<Yes, please|I would like that>,\" said {fname}. they <played with the {toy}|ran around the {place}|built a house of sticks>. {fname} knew <a new game|many stories|a funny song>, and <{name} laughed and laughed|soon the others came to see>.",
        "<then everyone wanted to play.|the others said they were sorry.|now {fname} was not alone any more.> \"<I am glad you came|You are fun>,\" said {name}. \"<Me too|So are you>,\" said {fname}.",
    ],
    # A race.
    [
        "one day, {fname} the {fkind} said, \"I am faster than you.\" \"<Let us have a race|We will see>,\" said {name}. <all the animals came to watch.|they would run from the {place} to the {place2}.>",
        "\"One, two, three, go!\" {fname} ran <very fast|like the wind>. {name} was <slower|far behind>, but {he} did not <stop|give up>. <{he} ran and ran.|>",
        "then {fname} <fell over a stone|hurt {fhis} foot|fell into a puddle>. \"Ouch!\" {fname} <said|cried>. {name} could win now. but {he} stopped. \"Are you okay?\" {he} asked.",
        "{name} helped {fname} to stand up. \"Why did you stop?<| You could win!>\" asked {fname}. \"<A friend is better than a race|Winning is not so important>,\" said {name}.",
        "so they walked <to the end|slowly to the {place2}> together. everyone <clapped|cheered>. <they both got some {food}.|they both won.> {fname} <learned to be kind|never said {fhe} was the best again>.",
    ],
    # Growing something.
    [
        "one day, {his} {parent} gave {name} a tiny seed. \"<Take good care of it|Give it water every day|Be patient>,\" {phe} said. {name} put the seed in the ground <near the {place}|in the garden>.",
        "every day {he} gave it water. but nothing happened. \"Why does it not grow?\" {name} asked. \"<You have to wait|Good things take time>,\" said {his} {parent}.",
        "{fname} the {fkind} came to see. \"<There is nothing here|It will never grow>,\" said {fname}. but {name} <did not give up|still gave it water|waited and waited>.",
        "then one morning there was <a small green leaf|something green>. it grew <bigger and bigger|taller than {name}>. <soon|in summer> it had <{colour} flowers|a big {colour} flower|sweet berries>.",
        "\"You were right,\" said {fname}. {name} gave {fname} <a flower|the first flower|a new seed>. <together they planted more seeds.|now they both have a garden.> {name} learned to <wait|be patient>.",
    ],
    # The moon and the night.
    [
        "one night, {name} could not sleep. {he} looked out of the window and saw <the moon|a bright star|a tiny light>. \"<Hello, {fname}|Who is there>?\" {he} said, for {fname} the {fkind} was sitting <on the roof|under the tree|by the gate>.",
        "\"<I cannot sleep|The night is so pretty|I am looking at the stars>,\" said {fname}. \"Do you want to <come too|see something>?\" {name} put on {his} {colour} <hat|scarf|shoes> and went out.",
        "they walked to the {place2}. it was <quiet|very still>. the <water|grass> was <silver|shining> in the light. <a soft wind blew.|far away, an owl called.|> {name} <held {fname} by the hand|was not afraid>.",
        "\"<Make a wish!|What do you wish for?>\" said {fname}. {name} closed {his} eyes. \"I wish <that we stay friends|for a {colour2} {toy}|that everyone is happy>,\" {he} said.",
        "then they went back home. {name} <got into {his} bed|drank some warm milk>. {his} {parent} <kissed {him} good night|was sleeping>. in the morning <there was a {colour2} {toy} on the bed|{name} thought it was a dream, but {his} shoes were wet>.",
    ],
]


def stories(seed):
    """Stories without end, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        yield Teller(rng).story()


if __name__ == "__main__":
    source = stories(1)
    for _ in range(5):
        print(next(source), end="\n\n")
