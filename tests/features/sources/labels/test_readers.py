"""Each format of lists, from a small file of its kind to statements on wallets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import RiskError, SourceError
from features.sources.labels.etherscan import read_etherscan, read_scamsniffer
from features.sources.labels.formats import list_format
from features.sources.labels.listed import Entry, Listed, said
from features.sources.labels.misp import read_misp
from features.sources.labels.ofac import read_ofac
from features.sources.labels.reported import read_darklist, read_ftm, read_ransomwhere
from features.sources.labels.sdn import read_sdn
from features.sources.labels.spelled import spelled
from features.sources.labels.stix import read_stix
from features.sources.labels.table import ListTable, read_table
from features.sources.labels.tagpack import read_tagpack

WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
BITCOIN = "1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY"


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def facts(listed: Listed) -> list[tuple[str, str, str]]:
    return [(one.wallet, *one.said) for one in listed.entries]


PACK = f"""
title: A pack
creator: us
confidence: forensic
currency: ETH
concepts: [phishing]
lastmod: 2019-01-01
tags:
  - address: {WALLET}
    label: A phisher
  - address: {BITCOIN}
    currency: BTC
    concepts: [exchange, victim]
    confidence: service_api
  - address: 0xabc
    concepts: []
    abuse: sextortion
    category: user
  - address: told of
    tag_type: mention
  - tx_hash: "1234"
    label: a payment
"""


def test_tags_of_a_tagpack_have_what_its_header_says(tmp_path: Path) -> None:
    listed = read_tagpack(written(tmp_path, "some.yaml", PACK))
    assert facts(listed) == [
        (WALLET, "phishing", "illicit"),
        (BITCOIN, "exchange", "licit"),
        ("0xabc", "ransomware", "illicit"),
        ("told of", "phishing", "none"),
    ]
    first, second = listed.entries[:2]
    assert first[2:] == ("phishing: A phisher", "ethereum", "some", 0.5, "", "")
    assert (second.chain, second.confidence) == ("bitcoin", 0.7)
    assert listed.left_out == {"tags of no address, but of a transaction": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tags: [", "is no YAML"),
        ("[" * 5_000, "is no YAML"),
        ("title: nothing", "there is no list of tags"),
        ("tags: [one]", "there is no list of tags"),
        ("tags: [{address: a, confidence: quite}]", "confidence 'quite' of a is none of override"),
    ],
)
def test_what_is_no_tagpack_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_tagpack(written(tmp_path, "pack.yaml", text))


@pytest.mark.parametrize("ending", ["txt", "json"])
def test_a_list_of_sanctioned_addresses_names_its_asset(tmp_path: Path, ending: str) -> None:
    addresses = ["1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY", "bc1q"]
    text = "\n".join(addresses) + "\n" if ending == "txt" else json.dumps(addresses)
    listed = read_ofac(written(tmp_path, f"sanctioned_addresses_XBT.{ending}", text))
    assert [one.wallet for one in listed.entries] == addresses
    assert {(one.said, one.chain, one.confidence) for one in listed.entries} == {
        (("sanctioned", "illicit"), "bitcoin", 1.0)
    }


def test_a_table_of_sanctioned_addresses_names_the_entity(tmp_path: Path) -> None:
    text = f'address,name\n{WALLET},"LAZARUS GROUP, THE"\n'
    (entry,) = read_ofac(written(tmp_path, "data.csv", text)).entries
    assert (entry.wallet, entry.original, entry.chain) == (WALLET, "LAZARUS GROUP, THE", "")
    with pytest.raises(SourceError, match="no column address; received: wallet"):
        read_ofac(written(tmp_path, "other.csv", "wallet\nx\n"))


SDN = """<?xml version="1.0"?>
<Sanctions xmlns="http://www.un.org/sanctions/1.0">
 <ReferenceValueSets><FeatureTypeValues>
  <FeatureType ID="344">Digital Currency Address - XBT</FeatureType>
  <FeatureType ID="8">Birthdate</FeatureType>
 </FeatureTypeValues></ReferenceValueSets>
 <DistinctParties>
  <DistinctParty FixedRef="1"><Profile ID="1"><Identity><Alias Primary="false"><DocumentedName>
    <DocumentedNamePart><NamePartValue>An alias</NamePartValue></DocumentedNamePart>
   </DocumentedName></Alias><Alias Primary="true"><DocumentedName>
    <DocumentedNamePart><NamePartValue>DOE</NamePartValue></DocumentedNamePart>
    <DocumentedNamePart><NamePartValue>John</NamePartValue></DocumentedNamePart>
   </DocumentedName></Alias></Identity>
   <Feature FeatureTypeID="344"><FeatureVersion><VersionDetail>1abc</VersionDetail>
   </FeatureVersion></Feature>
   <Feature FeatureTypeID="8"><FeatureVersion><VersionDetail>1970</VersionDetail>
   </FeatureVersion></Feature>
   <Feature FeatureTypeID="344"><FeatureVersion><VersionDetail> 1def </VersionDetail>
   </FeatureVersion></Feature></Profile></DistinctParty>
  <DistinctParty FixedRef="2"><Profile ID="2"/></DistinctParty>
 </DistinctParties>
</Sanctions>
"""


def test_addresses_of_parties_are_read_from_the_stream_of_the_sdn_list(tmp_path: Path) -> None:
    listed = read_sdn(written(tmp_path, "sdn_advanced.xml", SDN))
    assert [one.wallet for one in listed.entries] == ["1abc", "1def"]
    assert {(one.original, one.chain) for one in listed.entries} == {("DOE John", "bitcoin")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<a><b></a>", "is no XML"),
        ("<a/>", "holds no DistinctParty"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
    ],
)
def test_what_is_no_sdn_list_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_sdn(written(tmp_path, "sdn_advanced.xml", text))


def test_an_event_of_misp_says_what_its_addresses_are(tmp_path: Path) -> None:
    csam = {"name": 'dark-web:topic="child-sexual-abuse-material"'}
    sold = {"name": 'dark-web:motivation="marketplace-for-sale"'}
    event = {
        "info": "A site",
        "Tag": [sold, {"name": "tlp:amber"}, {"name": 'misp:confidence-level="usually-confident"'}],
        "Attribute": [
            {"type": "btc", "value": BITCOIN, "timestamp": "1700000000", "Tag": [sold, csam]},
            {"type": "btc", "value": "gone", "deleted": True},
            {"type": "text", "value": "no wallet"},
        ],
        "Object": [{"name": "coin-address", "Attribute": [
            {"object_relation": "address-crypto", "type": "text", "value": WALLET},
            {"object_relation": "symbol", "type": "text", "value": "ETH"},
        ]}],
    }  # fmt: skip
    listed = read_misp(written(tmp_path, "event.json", {"response": [{"Event": event}]}))
    assert facts(listed) == [
        (BITCOIN, "child_sexual_abuse", "illicit"),  # the gravest of its tags
        (WALLET, "darknet", "illicit"),  # what its event says
    ]
    own, shared = listed.entries
    assert (own.chain, own.known_at, own.confidence) == (
        "bitcoin", "2023-11-14T22:13:20+00:00", 0.75,
    )  # fmt: skip
    assert (shared.chain, shared.known_at) == ("ethereum", "")
    assert listed.left_out == {"deleted attributes": 1}
    with pytest.raises(SourceError, match="holds no MISP event"):
        read_misp(written(tmp_path, "none.json", []))


def indicator(**fields: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "created": "2023-01-01T00:00:00Z", "modified": "2024-01-01T00:00:00Z",
        "pattern": f"[cryptocurrency-wallet:value = '{WALLET}']", **fields,
    }  # fmt: skip


def test_indicators_of_stix_name_wallets(tmp_path: Path) -> None:
    objects = [
        indicator(labels=["ransomware"], confidence=80, name="A gang"),
        indicator(indicator_types=["malicious-activity"], valid_until="2025-01-01T00:00:00Z"),
        indicator(indicator_types=["anonymization"], revoked=True),
        indicator(indicator_types=["anomalous-activity"], pattern=f"[cryptocurrency-wallet:address"
                  f" = '{BITCOIN}' OR cryptocurrency-wallet:value='x']"),
        {"type": "cryptocurrency-wallet", "value": "silent"},
        {"type": "cryptocurrency-wallet", "value": WALLET},
    ]  # fmt: skip
    listed = read_stix(written(tmp_path, "bundle.json", {"objects": objects}))
    assert facts(listed) == [
        (WALLET, "ransomware", "illicit"),
        (WALLET, "other", "illicit"),
        (WALLET, "mixer", "none"),
        (BITCOIN, "other", "none"),
        ("x", "other", "none"),
    ]
    times = [(one.known_at[:4], one.until[:4]) for one in listed.entries[:3]]
    assert times == [("2024", ""), ("2024", "2025"), ("2023", "2024")]
    assert (listed.entries[0].confidence, listed.entries[0].original) == (0.8, "ransomware: A gang")
    assert listed.left_out == {"wallets that no indicator names": 1}
    with pytest.raises(SourceError, match="is no STIX bundle"):
        read_stix(written(tmp_path, "none.json", {}))


def test_scraped_labels_and_lists_of_phishers_are_read(tmp_path: Path) -> None:
    labels = {
        WALLET: {"name": "Fake_1", "labels": ["phish-hack", "exchange"]},
        "0xb": {"labels": ["dex"]},
    }
    combined = read_etherscan(written(tmp_path, "combinedAllLabels.json", labels))
    assert facts(combined) == [(WALLET, "phishing", "illicit"), ("0xb", "other", "none")]
    assert combined.entries[0].original == "phish-hack, exchange: Fake_1"
    of_one = read_etherscan(written(tmp_path, "mining.json", {WALLET: "Pool 1"}))
    assert facts(of_one) == [(WALLET, "mining", "licit")]
    plain = read_scamsniffer(written(tmp_path, "address.json", [WALLET]))
    by_domain = read_scamsniffer(written(tmp_path, "combined.json", {"evil.example": [WALLET]}))
    assert facts(plain) == facts(by_domain) == [(WALLET, "phishing", "illicit")]
    assert by_domain.entries[0].original == "evil.example"


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_etherscan, [], "must hold an object of address to labels"),
        (read_etherscan, {"0xa": 1}, "0xa has neither a name nor labels"),
        (read_scamsniffer, {"a": "b"}, "must hold a list of addresses"),
        (read_ofac, {"a": "b"}, "must hold a list of addresses"),
    ],
)
def test_files_of_another_kind_are_refused(
    tmp_path: Path, read: Callable[[Path], Listed], content: Any, message: str
) -> None:
    with pytest.raises(RiskError, match=message):
        read(written(tmp_path, "file.json", content))


def test_the_category_of_a_table_says_what_its_label_does_not(tmp_path: Path) -> None:
    rows = "a,CSAM,,2024-01-01Z,", "b,mixer,illicit,,2025-01-01Z", ",x,,,"
    text = "\n".join(["address,kind,label,known_at,until", *rows])
    options = ListTable({"wallet": "address", "category": "kind"})
    listed = read_table(written(tmp_path, "some.csv", text), options)
    assert facts(listed) == [("a", "child_sexual_abuse", "illicit"), ("b", "mixer", "illicit")]
    assert [(one.known_at[:4], one.until[:4]) for one in listed.entries] == [
        ("2024", ""),
        ("", "2025"),
    ]
    assert listed.left_out == {"without an address": 1}
    free = written(tmp_path, "free.csv", "wallet,label\na,A name\n")
    (entry,) = read_table(free, ListTable({"original": "label"})).entries
    assert (entry.said, entry.original) == (("other", "none"), "A name")
    with pytest.raises(SourceError, match="label 'bad' of a is none of illicit, licit, none"):
        read_table(written(tmp_path, "bad.csv", "wallet,label\na,bad\n"), ListTable())


def test_wallets_are_spelled_by_their_chain_and_what_is_none_is_told() -> None:
    kind = said(["scam"])
    listed = Listed([
        Entry(WALLET.upper().replace("X", "x"), kind, "", "ethereum"),
        Entry(f" {WALLET} ", kind, ""),
        Entry(BITCOIN, kind, "", "bitcoin"), Entry(BITCOIN[:-1] + "Z", kind, "", "bitcoin"),
        Entry("", kind, ""),
    ])  # fmt: skip
    everything = spelled(listed)
    assert everything.frame["wallet"].tolist() == [WALLET, WALLET, BITCOIN]
    assert sorted(everything.left_out.values()) == [1, 1]
    assert everything.examples == {"address has a wrong checksum": [BITCOIN[:-1] + "Z"]}
    on_one = spelled(listed, "arbitrum")
    assert on_one.frame["wallet"].tolist() == [WALLET, WALLET]
    assert on_one.left_out["of another chain than arbitrum"] == 2
    with pytest.raises(RiskError, match="unknown chain 'etherum'"):
        spelled(listed, "etherum")


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(SourceError, match="unknown format of labels 'taxii'; there are tagpack"):
        list_format("taxii")


def test_a_darklist_says_phishing_and_not_since_when(tmp_path: Path) -> None:
    entry = {"address": WALLET, "comment": "Fake wallet site", "date": "2018-03-12"}
    (one,) = read_darklist(written(tmp_path, "dark.json", [entry])).entries
    assert one == Entry(
        WALLET, said(["phishing"]), "phishing: Fake wallet site", "ethereum", "", 0.5
    )
    with pytest.raises(SourceError, match="a list of objects with an address"):
        read_darklist(written(tmp_path, "dark.json", {"address": WALLET}))


def test_ransomwhere_says_since_when_it_had_an_address(tmp_path: Path) -> None:
    row = {
        "address": BITCOIN, "blockchain": "bitcoin", "family": "Locky", "balance": 1,
        "createdAt": "2021-07-08T21:53:35.000Z", "updatedAt": "2022-01-01T00:00:00.000Z",
        "transactions": [],
    }  # fmt: skip
    (one,) = read_ransomwhere(written(tmp_path, "r.json", {"result": [row]})).entries
    assert (one.wallet, *one.said) == (BITCOIN, "ransomware", "illicit")
    assert (one.original, one.chain) == ("ransomware: Locky", "bitcoin")
    assert one.known_at == "2021-07-08T21:53:35.000Z"
    with pytest.raises(SourceError, match="has no list result"):
        read_ransomwhere(written(tmp_path, "r.json", [row]))


def test_wallets_of_followthemoney_are_what_their_topics_say(tmp_path: Path) -> None:
    sanctioned = {
        "id": "a", "schema": "CryptoWallet", "first_seen": "2023-02-01T08:00:00",
        "properties": {
            "publicKey": [BITCOIN], "topics": ["crime.fin", "sanction"], "currencySymbol": ["XBT"],
            "name": ["A group"],
        },
    }  # fmt: skip
    stolen = {
        "id": "b", "schema": "CryptoWallet",
        "properties": {"cryptoAddress": [WALLET], "topics": ["crime.theft"], "blockchain": ["ETH"]},
    }  # fmt: skip
    silent = {"id": "c", "schema": "CryptoWallet", "properties": {"publicKey": ["x"]}}
    empty = {"id": "d", "schema": "CryptoWallet", "properties": {}}
    person = {"id": "e", "schema": "Person", "properties": {"name": ["P"], "topics": ["sanction"]}}
    lines = "\n".join(map(json.dumps, [sanctioned, stolen, silent, empty, person]))
    listed = read_ftm(written(tmp_path, "entities.ftm.json", lines + "\n"))
    assert facts(listed) == [
        (BITCOIN, "sanctioned", "illicit"),
        (WALLET, "theft", "illicit"),
        ("x", "other", "none"),
    ]
    first, second, _ = listed.entries
    assert (first.chain, first.confidence) == ("bitcoin", 1.0)
    assert first.known_at == "2023-02-01T08:00:00"
    assert (second.chain, second.confidence, second.known_at) == ("ethereum", 0.5, "")
    assert listed.left_out["wallets without an address"] == 1
    with pytest.raises(SourceError, match="line 2: is no entity"):
        read_ftm(written(tmp_path, "bad.json", json.dumps(person) + "\n[1]\n"))
