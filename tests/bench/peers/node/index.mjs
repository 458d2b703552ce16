// The basic job as one would write it with the AWS SDK for JavaScript: private DNS for hosts that an interface endpoint
// serves.

import { randomUUID } from "node:crypto";
import { EC2Client, paginateDescribeVpcEndpoints } from "@aws-sdk/client-ec2";
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListHostedZonesByVPCCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  waitUntilResourceRecordSetsChanged,
} from "@aws-sdk/client-route-53";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";

const ec2 = new EC2Client({});
const route53 = new Route53Client({});
const sns = new SNSClient({});

const { TDP_SERVICE_NAME, TOPIC_ARN, AWS_REGION } = process.env;
const HOSTS = process.env.HOSTS.split(",");

export async function handler() {
  const endpoint = await availableEndpoint();
  if (!endpoint) {
    return { outcome: "waiting" };
  }
  const zones = await zonesOf(endpoint.VpcId);
  const changed = [];
  for (const host of HOSTS) {
    if (await write(host, endpoint, zones)) {
      changed.push(host);
    }
  }
  if (changed.length > 0) {
    const message = { TopicArn: TOPIC_ARN, Subject: "Private DNS changed", Message: changed.join("\n") };
    await sns.send(new PublishCommand(message));
  }
  return { outcome: changed.length > 0 ? "changed" : "in-sync", changed };
}

async function availableEndpoint() {
  const Filters = [{ Name: "service-name", Values: [TDP_SERVICE_NAME] }];
  for await (const page of paginateDescribeVpcEndpoints({ client: ec2 }, { Filters })) {
    const found = page.VpcEndpoints.find((endpoint) => endpoint.State === "available");
    if (found) {
      return found;
    }
  }
  return undefined;
}

// The ids of the private zones that the VPC sees, by name.
async function zonesOf(VPCId) {
  const zones = new Map();
  let NextToken;
  do {
    const page = await route53.send(new ListHostedZonesByVPCCommand({ VPCId, VPCRegion: AWS_REGION, NextToken }));
    for (const zone of page.HostedZoneSummaries) {
      zones.set(zone.Name, zone.HostedZoneId);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return zones;
}

// A zone of the host's name with an alias to the endpoint; whether anything was to be done.
async function write(host, endpoint, zones) {
  const Name = `${host}.`;
  const [entry] = endpoint.DnsEntries;
  const AliasTarget = {
    DNSName: `${entry.DnsName}.`,
    HostedZoneId: entry.HostedZoneId,
    EvaluateTargetHealth: false,
  };
  if (!zones.has(Name)) {
    zones.set(Name, await createZone(Name, endpoint.VpcId));
  } else if (await isRight(zones.get(Name), Name, AliasTarget)) {
    return false;
  }
  const Changes = [{ Action: "UPSERT", ResourceRecordSet: { Name, Type: "A", AliasTarget } }];
  const answer = await route53.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: zones.get(Name), ChangeBatch: { Changes } }),
  );
  const waiting = { client: route53, maxWaitTime: 120, minDelay: 2, maxDelay: 2 };
  await waitUntilResourceRecordSetsChanged(waiting, { Id: answer.ChangeInfo.Id });
  return true;
}

async function isRight(HostedZoneId, name, target) {
  const page = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
  return page.ResourceRecordSets.some(
    (set) => set.Name === name && set.Type === "A" && set.AliasTarget?.DNSName === target.DNSName,
  );
}

async function createZone(Name, VPCId) {
  const answer = await route53.send(
    new CreateHostedZoneCommand({
      Name,
      CallerReference: randomUUID(),
      VPC: { VPCRegion: AWS_REGION, VPCId },
      HostedZoneConfig: { Comment: "PrivateLink", PrivateZone: true },
    }),
  );
  return answer.HostedZone.Id;
}
