"""States by their codes: ISO 3166-1 alpha-2, which other tools want, and an English name.

Codes from Unicode CLDR (Unicode License v3), names as in the reader's lexicon; a test compares both. States of the past
have the four letters of ISO 3166-3 where other tools know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Country:
    """A state or territory. Without `alpha2` no such code is in use for it."""

    alpha3: str
    alpha2: str | None
    name: str


_TABLE: Final = """\
ABW AW Aruba
AFG AF Afghanistan
AGO AO Angola
AIA AI Anguilla
ALB AL Albania
AND AD Andorra
ARE AE United Arab Emirates
ARG AR Argentina
ARM AM Armenia
ATG AG Antigua and Barbuda
AUS AU Australia
AUT AT Austria
AZE AZ Azerbaijan
BDI BI Burundi
BEL BE Belgium
BEN BJ Benin
BFA BF Burkina Faso
BGD BD Bangladesh
BGR BG Bulgaria
BHR BH Bahrain
BHS BS Bahamas
BIH BA Bosnia and Herzegovina
BLR BY Belarus
BLZ BZ Belize
BMU BM Bermuda
BOL BO Bolivia
BRA BR Brazil
BRB BB Barbados
BRN BN Brunei
BTN BT Bhutan
BWA BW Botswana
BYS - Byelorussian SSR
CAF CF Central African Republic
CAN CA Canada
CHE CH Switzerland
CHL CL Chile
CHN CN China
CIV CI Côte d'Ivoire
CMR CM Cameroon
COD CD Democratic Republic of the Congo
COG CG Republic of the Congo
COK CK Cook Islands
COL CO Colombia
COM KM Comoros
CPV CV Cape Verde
CRI CR Costa Rica
CSK CSHH Czechoslovakia
CUB CU Cuba
CUW CW Curaçao
CYM KY Cayman Islands
CYP CY Cyprus
CZE CZ Czechia
DDR - East Germany
DEU DE Germany
DHY - Dahomey
DJI DJ Djibouti
DMA DM Dominica
DNK DK Denmark
DOM DO Dominican Republic
DZA DZ Algeria
ECU EC Ecuador
EGY EG Egypt
ERI ER Eritrea
ESH EH Western Sahara
ESP ES Spain
EST EE Estonia
ETH ET Ethiopia
FIN FI Finland
FJI FJ Fiji
FLK FK Falkland Islands
FRA FR France
FRO FO Faroe Islands
FSM FM Micronesia
GAB GA Gabon
GBR GB United Kingdom
GEO GE Georgia
GHA GH Ghana
GIB GI Gibraltar
GIN GN Guinea
GLP GP Guadeloupe
GMB GM Gambia
GNB GW Guinea-Bissau
GNQ GQ Equatorial Guinea
GRC GR Greece
GRD GD Grenada
GRL GL Greenland
GTM GT Guatemala
GUF GF French Guiana
GUM GU Guam
GUY GY Guyana
HKG HK Hong Kong
HND HN Honduras
HRV HR Croatia
HTI HT Haiti
HUN HU Hungary
HVO - Upper Volta
IDN ID Indonesia
IND IN India
IRL IE Ireland
IRN IR Iran
IRQ IQ Iraq
ISL IS Iceland
ISR IL Israel
ITA IT Italy
JAM JM Jamaica
JOR JO Jordan
JPN JP Japan
KAZ KZ Kazakhstan
KEN KE Kenya
KGZ KG Kyrgyzstan
KHM KH Cambodia
KIR KI Kiribati
KNA KN Saint Kitts and Nevis
KOR KR South Korea
KWT KW Kuwait
LAO LA Laos
LBN LB Lebanon
LBR LR Liberia
LBY LY Libya
LCA LC Saint Lucia
LIE LI Liechtenstein
LKA LK Sri Lanka
LSO LS Lesotho
LTU LT Lithuania
LUX LU Luxembourg
LVA LV Latvia
MAC MO Macao
MAR MA Morocco
MCO MC Monaco
MDA MD Moldova
MDG MG Madagascar
MDV MV Maldives
MEX MX Mexico
MHL MH Marshall Islands
MKD MK North Macedonia
MLI ML Mali
MLT MT Malta
MMR MM Myanmar
MNE ME Montenegro
MNG MN Mongolia
MNP MP Northern Mariana Islands
MOZ MZ Mozambique
MRT MR Mauritania
MTQ MQ Martinique
MUS MU Mauritius
MWI MW Malawi
MYS MY Malaysia
NAM NA Namibia
NCL NC New Caledonia
NER NE Niger
NGA NG Nigeria
NIC NI Nicaragua
NIU NU Niue
NLD NL Netherlands
NOR NO Norway
NPL NP Nepal
NRU NR Nauru
NZL NZ New Zealand
OMN OM Oman
PAK PK Pakistan
PAN PA Panama
PER PE Peru
PHL PH Philippines
PLW PW Palau
PNG PG Papua New Guinea
POL PL Poland
PRI PR Puerto Rico
PRK KP North Korea
PRT PT Portugal
PRY PY Paraguay
PSE PS Palestine
PYF PF French Polynesia
QAT QA Qatar
REU RE Réunion
RHO - Rhodesia
ROU RO Romania
RUS RU Russia
RVN - South Vietnam
RWA RW Rwanda
SAU SA Saudi Arabia
SCG CSXX Serbia and Montenegro
SDN SD Sudan
SEN SN Senegal
SGP SG Singapore
SLB SB Solomon Islands
SLE SL Sierra Leone
SLV SV El Salvador
SMR SM San Marino
SOM SO Somalia
SRB RS Serbia
SSD SS South Sudan
STP ST São Tomé and Príncipe
SUN SUHH Soviet Union
SUR SR Suriname
SVK SK Slovakia
SVN SI Slovenia
SWE SE Sweden
SWZ SZ Eswatini
SXM SX Sint Maarten
SYC SC Seychelles
SYR SY Syria
TCD TD Chad
TGO TG Togo
THA TH Thailand
TJK TJ Tajikistan
TKM TM Turkmenistan
TLS TL Timor-Leste
TON TO Tonga
TTO TT Trinidad and Tobago
TUN TN Tunisia
TUR TR Türkiye
TUV TV Tuvalu
TWN TW Taiwan
TZA TZ Tanzania
UGA UG Uganda
UKR UA Ukraine
URY UY Uruguay
USA US United States
UZB UZ Uzbekistan
VAT VA Holy See
VCT VC Saint Vincent and the Grenadines
VDR - North Vietnam
VEN VE Venezuela
VGB VG British Virgin Islands
VIR VI U.S. Virgin Islands
VNM VN Vietnam
VUT VU Vanuatu
WSM WS Samoa
XKX XK Kosovo
YEM YE Yemen
YMD - South Yemen
YUG YUCS Yugoslavia
ZAF ZA South Africa
ZAR - Zaire
ZMB ZM Zambia
ZWE ZW Zimbabwe
"""


def _read(line: str) -> Country:
    alpha3, alpha2, name = line.split(maxsplit=2)
    return Country(alpha3, None if alpha2 == "-" else alpha2, name)


COUNTRIES: Final = {country.alpha3: country for country in map(_read, _TABLE.splitlines())}
"""By ISO 3166-1 alpha-3, as the contracts have it."""
