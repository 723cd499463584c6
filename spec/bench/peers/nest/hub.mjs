// A TCP microservice as its documentation has it. Payloads are JSON there, so bytes travel in base64.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Transport } from '@nestjs/microservices';

let receive = (/** @type {Uint8Array} */ _payload) => {};

class Bench {
  data(/** @type {string} */ text) {
    receive(Buffer.from(text, 'base64'));
  }
  send(/** @type {string} */ text) {
    receive(Buffer.from(text, 'base64'));
    return '';
  }
  echo(/** @type {string} */ text) {
    return text;
  }
  had(/** @type {number} */ count) {
    connected();
    return count;
  }
}
class Application {}

/** What decorators do, without their syntax. */
const decorate = (/** @type {string} */ method, decorator) =>
  decorator(Bench.prototype, method, Object.getOwnPropertyDescriptor(Bench.prototype, method));
decorate('data', EventPattern('data'));
for (const name of ['send', 'echo', 'had']) decorate(name, MessagePattern(name));
Controller()(Bench);
Module({ controllers: [Bench] })(Application);

let connected = () => {};

export async function open() {
  const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 }, logger: false };
  const application = await NestFactory.createMicroservice(Application, options);
  await application.listen();
  const side = new Promise((resolve) => {
    connected = () =>
      resolve({
        receive(listener) {
          receive = listener;
        },
        close: () => application.close(),
      });
  });
  return { address: `${application.unwrap().address().port}`, side };
}
