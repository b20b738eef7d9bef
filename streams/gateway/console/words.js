// Words for people: names of states, times, stages.
import { h } from "./dom.js";

const REGIONS = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
// Intl knows states by two letters; records by three. Those that no rule of thumb gives.
const TWO = "AFGAF ALAAX ALBAL DZADZ ASMAS ANDAD AGOAO ARGAR ARMAM AUSAU AUTAT AZEAZ BHSBS BHRBH BGDBD BRBBB BLRBY BELBE BLZBZ BENBJ BTNBT BOLBO BIHBA BWABW BRABR BRNBN BGRBG BFABF BDIBI KHMKH CMRCM CANCA CPVCV CAFCF TCDTD CHLCL CHNCN COLCO COMKM COGCG CODCD CRICR CIVCI HRVHR CUBCU CYPCY CZECZ DNKDK DJIDJ DMADM DOMDO ECUEC EGYEG SLVSV GNQGQ ERIER ESTEE SWZSZ ETHET FJIFJ FINFI FRAFR GABGA GMBGM GEOGE DEUDE GHAGH GRCGR GRDGD GTMGT GINGN GNBGW GUYGY HTIHT VATVA HNDHN HKGHK HUNHU ISLIS INDIN IDNID IRNIR IRQIQ IRLIE ISRIL ITAIT JAMJM JPNJP JORJO KAZKZ KENKE KIRKI PRKKP KORKR KWTKW KGZKG LAOLA LVALV LBNLB LSOLS LBRLR LBYLY LIELI LTULT LUXLU MDGMG MWIMW MYSMY MDVMV MLIML MLTMT MHLMH MRTMR MUSMU MEXMX FSMFM MDAMD MCOMC MNGMN MNEME MARMA MOZMZ MMRMM NAMNA NRUNR NPLNP NLDNL NZLNZ NICNI NERNE NGANG MKDMK NORNO OMNOM PAKPK PLWPW PSEPS PANPA PNGPG PRYPY PERPE PHLPH POLPL PRTPT QATQA ROURO RUSRU RWARW KNAKN LCALC VCTVC WSMWS SMRSM STPST SAUSA SENSN SRBRS SYCSC SLESL SGPSG SVKSK SVNSI SLBSB SOMSO ZAFZA SSDSS ESPES LKALK SDNSD SURSR SWESE CHECH SYRSY TWNTW TJKTJ TZATZ THATH TLSTL TGOTG TONTO TTOTT TUNTN TURTR TKMTM TUVTV UGAUG UKRUA AREAE GBRGB USAUS URYUY UZBUZ VUTVU VENVE VNMVN YEMYE ZMBZM ZWEZW XKXXK";
const TWO_LETTERS = new Map(TWO.split(" ").map((pair) => [pair.slice(0, 3), pair.slice(3)]));
export const COUNTRIES = [...TWO_LETTERS].map(([code, two]) => [code, REGIONS.of(two)]).sort((a, b) => a[1].localeCompare(b[1]));

export const place = (code) => {
  const [state, sector] = code.split(":");
  const two = TWO_LETTERS.get(state);
  return (two ? REGIONS.of(two) : state) + (sector ? ` (${sector})` : "");
};
export const language = (tag) => (tag === "und" ? "undetermined" : tag === "mul" ? "several" : LANGUAGES.of(tag));
export const plain = (word) => word.replaceAll("_", " ");

export const LEVELS = ["informational", "low", "medium", "high", "critical"];
export const STAGES = ["proposed", "negotiating", "drafting", "agreed", "to_be_signed", "initialled", "signed", "awaiting_ratification",
  "ratified", "in_force", "extended", "rejected", "suspended", "withdrawn", "expired", "violated"];
export const BINDING = new Set(["initialled", "signed", "awaiting_ratification", "ratified", "in_force", "extended"]);
export const ENDED = new Set(["rejected", "suspended", "withdrawn", "expired", "violated"]);
export const stageKind = (stage) => (ENDED.has(stage) ? "ended" : BINDING.has(stage) ? "binding" : "coming");

const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(time) {
  const seconds = (time - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 20 ? "just now" : RELATIVE.format(Math.round(seconds), "second");
}

// A day after two weeks, since "613 days ago" tells nobody anything; the exact instant is in the title.
function told(time) {
  return Math.abs(time - Date.now()) > 14 * 86400e3 ? SHORT.format(time) : relative(time);
}

export function when(text) {
  const time = new Date(text);
  return h("time", { datetime: text, title: ABSOLUTE.format(time) }, told(time));
}

export function refreshTimes() {
  for (const node of document.querySelectorAll("time")) {
    const words = told(new Date(node.dateTime));
    if (node.textContent !== words) node.textContent = words;
  }
}

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
export const source = (from) => [from.broadcaster, from.programme].filter(Boolean).join(", ");
export const stage = (name) => (name ? h("span", { class: `stage ${stageKind(name)}` }, plain(name)) : null);
export const level = (name) => h("span", { class: `level ${name}` }, name);
