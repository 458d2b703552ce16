"""What the canned AWS answers: one VPC with an available endpoint, hosted zones and parameters, and hardly a check."""

import json
import re
from itertools import islice
from urllib.parse import parse_qs, unquote, urlsplit

VPC = "vpc-0a1b2c3d4e5f60718"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718"
DNS_NAME = f"{ENDPOINT}-1a2b3c4d.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"
DNS_ZONE = "Z7HUB22UULQXV"
# The largest pages of Route 53's lists.
ZONES_ON_A_PAGE, SETS_ON_A_PAGE = 100, 300
XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
SETS = re.compile(r"<Action>(\w+)</Action>\s*(<ResourceRecordSet>.*?</ResourceRecordSet>)", re.DOTALL)
SOA = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"

Answer = tuple[str, int, str]
Key = tuple[tuple[str, ...], str]


def field(name: str, xml: str) -> str:
    """The text of the first element of that name."""
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return found[1] if found else ""


def dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


class Account:
    """The state, and an answer for each call: its operation, the status and the body."""

    def __init__(self) -> None:
        self.comments: dict[str, tuple[str, str]] = {}
        self.sets: dict[str, dict[Key, str]] = {}
        self.parameters: dict[str, str] = {}
        self.changes = 0

    def answer(self, service: str, method: str, target: str, headers: str, body: str) -> Answer:
        if service == "route53":
            return self._route53(method, target, body)
        if service == "ssm":
            operation = headers.partition("AmazonSSM.")[2].split("\r\n")[0].strip()
            status, answer = self._ssm(operation, json.loads(body))
            return operation, status, json.dumps(answer)
        operation = parse_qs(body)["Action"][0]
        return operation, 200, XML_HEAD + {"ec2": _endpoints, "sns": _published}[service]()

    def _ssm(self, operation: str, asked: dict[str, str]) -> tuple[int, dict[str, object]]:
        shown = [{"Name": name, "Type": "String", "Value": value} for name, value in self.parameters.items()]
        match operation:
            case "GetParametersByPath":
                return 200, {"Parameters": [one for one in shown if one["Name"].startswith(asked["Path"])]}
            case "GetParameter":
                found = [one for one in shown if one["Name"] == asked["Name"]]
                return (200, {"Parameter": found[0]}) if found else (400, {"__type": "ParameterNotFound"})
        self.parameters[asked["Name"]] = asked["Value"]
        return 200, {"Version": 1, "Tier": "Standard"}

    def _route53(self, method: str, target: str, body: str) -> Answer:
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        kind, *rest = unquote(url.path).strip("/").split("/")[1:]
        zone_id = rest[0] if rest else ""
        name, status, answer = {
            ("GET", "change", 1): lambda: ("GetChange", 200, _change(zone_id, "INSYNC")),
            ("GET", "hostedzonesbyvpc", 0): lambda: ("ListHostedZonesByVPC", 200, self._on_vpc(query)),
            ("GET", "hostedzone", 0): lambda: ("ListHostedZones", 200, self._zones(query)),
            ("POST", "hostedzone", 0): lambda: ("CreateHostedZone", 201, self._create(body)),
            ("GET", "hostedzone", 1): lambda: ("GetHostedZone", 200, self._zone(zone_id)),
            ("GET", "hostedzone", 2): lambda: ("ListResourceRecordSets", 200, self._records(zone_id, query)),
            ("POST", "hostedzone", 2): lambda: ("ChangeResourceRecordSets", 200, self._write(zone_id, body)),
        }[method, kind, len(rest)]()
        return name, status, f'{XML_HEAD}<{name}Response xmlns="{NAMESPACE}">{answer}</{name}Response>'

    def _on_vpc(self, query: dict[str, str]) -> str:
        start = int(query.get("nexttoken", 0))
        end = start + ZONES_ON_A_PAGE
        owner = "<Owner><OwningAccount>123456789012</OwningAccount></Owner>"
        shown = "".join(
            f"<HostedZoneSummary><HostedZoneId>{zone_id}</HostedZoneId><Name>{name}</Name>{owner}</HostedZoneSummary>"
            for zone_id, (name, _) in islice(self.comments.items(), start, end)
        )
        more = f"<NextToken>{end}</NextToken>" if end < len(self.comments) else ""
        summaries = f"<HostedZoneSummaries>{shown}</HostedZoneSummaries>"
        return f"{summaries}<MaxItems>{ZONES_ON_A_PAGE}</MaxItems>{more}"

    def _zones(self, query: dict[str, str]) -> str:
        start = int(query.get("marker", 0))
        end = start + ZONES_ON_A_PAGE
        shown = "".join(map(self._shown, islice(self.comments, start, end)))
        more = f"<NextMarker>{end}</NextMarker>" if end < len(self.comments) else ""
        truncated = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        return f"<HostedZones>{shown}</HostedZones>{truncated}{more}<MaxItems>{ZONES_ON_A_PAGE}</MaxItems>"

    def _shown(self, zone_id: str) -> str:
        name, comment = self.comments[zone_id]
        config = f"<Config><Comment>{comment}</Comment><PrivateZone>true</PrivateZone></Config>"
        names = f"<Id>/hostedzone/{zone_id}</Id><Name>{name}</Name><CallerReference>{zone_id}</CallerReference>"
        return f"<HostedZone>{names}{config}</HostedZone>"

    def _zone(self, zone_id: str) -> str:
        vpcs = f"<VPCs><VPC><VPCRegion>us-east-1</VPCRegion><VPCId>{VPC}</VPCId></VPC></VPCs>"
        return self._shown(zone_id) + vpcs

    def _create(self, body: str) -> str:
        name = dotted(field("Name", body))
        zone_id = f"Z{len(self.comments):019}"
        self.comments[zone_id] = (name, field("Comment", body))
        self.sets[zone_id] = {}
        for kind, ttl, value in (("NS", 172800, "ns-1536.awsdns-00.co.uk."), ("SOA", 900, SOA)):
            values = f"<ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>"
            record = f"<Name>{name}</Name><Type>{kind}</Type><TTL>{ttl}</TTL>{values}"
            self._put(zone_id, f"<ResourceRecordSet>{record}</ResourceRecordSet>")
        delegation = "<DelegationSet><NameServers><NameServer>ns-1536.awsdns-00.co.uk</NameServer></NameServers>"
        vpc = f"<VPC><VPCRegion>us-east-1</VPCRegion><VPCId>{VPC}</VPCId></VPC>"
        return f"{self._shown(zone_id)}{self._changed()}{delegation}</DelegationSet>{vpc}"

    def _put(self, zone_id: str, record: str) -> None:
        self.sets[zone_id][_key(record)] = record

    def _write(self, zone_id: str, body: str) -> str:
        for action, record in SETS.findall(body):
            for name in ("Name", "DNSName"):
                if text := field(name, record):
                    record = record.replace(f"<{name}>{text}</{name}>", f"<{name}>{dotted(text)}</{name}>")
            if action == "DELETE":
                self.sets[zone_id].pop(_key(record), None)
            else:
                self._put(zone_id, record)
        return self._changed()

    def _records(self, zone_id: str, query: dict[str, str]) -> str:
        sets = sorted(self.sets[zone_id].items())
        if "name" in query:
            start = (_labels(query["name"]), query.get("type", ""))
            sets = [(key, record) for key, record in sets if key >= start]
        most = min(int(query.get("maxitems", SETS_ON_A_PAGE)), SETS_ON_A_PAGE)
        shown = "".join(record for _, record in sets[:most])
        more = ""
        if len(sets) > most:
            record = sets[most][1]
            names = (("NextRecordName", field("Name", record)), ("NextRecordType", field("Type", record)))
            more = "".join(f"<{name}>{text}</{name}>" for name, text in names)
        truncated = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        return f"<ResourceRecordSets>{shown}</ResourceRecordSets>{truncated}{more}<MaxItems>{most}</MaxItems>"

    def _changed(self) -> str:
        self.changes += 1
        return _change(f"C{self.changes:019}", "PENDING")


def _labels(name: str) -> tuple[str, ...]:
    return tuple(reversed(name.rstrip(".").split(".")))


def _key(record: str) -> Key:
    return _labels(field("Name", record)), field("Type", record)


def _change(change_id: str, status: str) -> str:
    submitted = "<SubmittedAt>2026-01-01T00:00:00.000Z</SubmittedAt>"
    return f"<ChangeInfo><Id>/change/{change_id}</Id><Status>{status}</Status>{submitted}</ChangeInfo>"


def _endpoints() -> str:
    entries = ((DNS_NAME, DNS_ZONE), (DNS_NAME.replace(".", "-us-east-1a.", 1), DNS_ZONE))
    shown = (f"<dnsName>{name}</dnsName><hostedZoneId>{zone}</hostedZoneId>" for name, zone in entries)
    names = "".join(f"<item>{one}</item>" for one in shown)
    fields = {
        "vpcEndpointId": ENDPOINT,
        "vpcEndpointType": "Interface",
        "vpcId": VPC,
        "serviceName": SERVICE,
        "state": "available",
        "creationTimestamp": "2026-01-01T00:00:00.000Z",
        "privateDnsEnabled": "false",
        "requesterManaged": "false",
        "ipAddressType": "ipv4",
        "dnsOptions": "<dnsRecordIpType>ipv4</dnsRecordIpType>",
        "networkInterfaceIdSet": "<item>eni-0a1b2c3d4e5f60718</item>",
        "subnetIdSet": "<item>subnet-0a1b2c3d4e5f60718</item>",
        "dnsEntrySet": names,
    }
    item = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    return _ec2("DescribeVpcEndpoints", f"<vpcEndpointSet><item>{item}</item></vpcEndpointSet>")


def _ec2(operation: str, content: str) -> str:
    namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
    name = f"{operation}Response"
    return f'<{name} xmlns="{namespace}"><requestId>59dbff89</requestId>{content}</{name}>'


def _published() -> str:
    result = "<PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult>"
    meta = "<ResponseMetadata><RequestId>f187a3c1</RequestId></ResponseMetadata>"
    return f'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{result}{meta}</PublishResponse>'
