"""Which country's way of writing numbers and dates a reader gets.

Here: reading an Accept-Language header. Not here: the writing itself (numbers.py); the page's words are English.
"""

import re
from functools import lru_cache

DEFAULT = "en_US"
# Babel keeps each locale it has loaded (a third of a MB), so a header may only choose among these. The first of a
# language stands for the language. Those written from the right are left out: the page is not.
_CODES = (
    "en_US en_GB en_AU en_CA en_IE en_IN en_NZ en_SG en_ZA de_DE de_AT de_CH fr_FR fr_BE fr_CA fr_CH es_ES es_MX es_AR"
    " es_CL es_CO es_US pt_BR pt_PT it_IT it_CH nl_NL nl_BE sv_SE da_DK nb_NO fi_FI is_IS pl_PL cs_CZ sk_SK sl_SI hu_HU"
    " ro_RO bg_BG hr_HR el_GR et_EE lv_LV lt_LT uk_UA ru_RU tr_TR ja_JP ko_KR zh_Hans_CN zh_Hans_SG zh_Hant_TW"
    " zh_Hant_HK id_ID ms_MY th_TH vi_VN hi_IN"
)
OFFERED = tuple(_CODES.split())
LONGEST_HEADER = 500
_ITEM = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3})(?:;q=([01](?:\.\d{0,3})?))?")


def locale_of(accept_language: str | None) -> str:
    """The offered Babel locale that suits an Accept-Language header best, "en_US" where none does; it never raises."""
    header = (accept_language or "")[:LONGEST_HEADER].lower().replace(" ", "")
    items = [item for item in map(_ITEM.fullmatch, header.split(",")) if item]
    best_first = sorted(items, key=_weight, reverse=True)
    known = (_offered(item[1]) for item in best_first if _weight(item))
    return next((locale for locale in known if locale), DEFAULT)


def _weight(item: re.Match[str]) -> float:
    return float(item[2] or 1)


def _offered(tag: str) -> str | None:
    language, *rest = tag.split("-")
    keys = [*(f"{language}-{part}" for part in reversed(rest)), language]
    return next((_by_tag()[key] for key in keys if key in _by_tag()), None)


@lru_cache(maxsize=1)
def _by_tag() -> dict[str, str]:
    by_tag: dict[str, str] = {}
    for locale in OFFERED:
        language, *rest = locale.lower().split("_")
        for key in (language, *(f"{language}-{part}" for part in rest)):
            by_tag.setdefault(key, locale)
    return by_tag
