import { expect, test } from "vitest";
import { edgeConfig, updateCommand } from "./commands";

test("a device sends to the address at which the page is", () => {
  expect(updateCommand("https://fog.example:8443")).toContain(
    "curl https://fog.example:8443/ngsi10/updateContext",
  );
});

test("an edge node finds the cloud where the page is, unless that is this machine only", () => {
  expect(JSON.parse(edgeConfig("192.0.2.10"))).toMatchObject({ coreservice_ip: "192.0.2.10" });
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    expect(JSON.parse(edgeConfig(host)).coreservice_ip).toBe("ADDRESS_OF_THIS_MACHINE");
  }
});
