/** The graph of a crate while it is made: entities by `@id`, parameters, and which values are examples of which. */

import { digestOf } from "../canonical.ts";
import { encodingOf, type Entity, fragment, ref, refs } from "./crate_entities.ts";
import type { PlanNode } from "./plan_file.ts";

const PARAMETER_PROFILE = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE";

/** Entities in the order in which they came. */
export class CrateGraph {
  readonly #entities = new Map<string, Entity>();
  /** Entity → the formal parameters that it is an example of. */
  readonly #examples = new Map<string, Set<string>>();
  /** Formal parameter → its values. */
  readonly #values = new Map<string, Set<string>>();

  /** All entities, with the links between parameters and values. */
  all(): Entity[] {
    return [...this.#entities.values()].map((entity) => this.#withExamples(entity));
  }

  /** The entity of that `@id`, if there is one. */
  get(id: string): Entity | undefined {
    return this.#entities.get(id);
  }

  /** Puts an entity over one of the same `@id`. */
  replace(entity: Entity): void {
    this.#entities.set(entity["@id"], entity);
  }

  /** Puts an entity unless there is one of its `@id`. @returns the `@id`. */
  put(entity: Entity): string {
    const id = entity["@id"];
    if (!this.#entities.has(id)) this.#entities.set(id, entity);
    return id;
  }

  /** A formal parameter of a stage. */
  parameter(
    { stage, inputs, outputs }: PlanNode,
    direction: "input" | "param" | "output",
    name: string,
    additionalType: string,
    media?: string,
  ): string {
    const many = direction === "input" && inputs[name].many;
    const kind = direction === "output" ? outputs[name] : inputs[name]?.kind;
    return this.put({
      "@id": fragment("parameter", stage, direction, name),
      "@type": "FormalParameter",
      conformsTo: ref(PARAMETER_PROFILE),
      name,
      additionalType,
      valueRequired: "True",
      ...(many ? { multipleValues: "True" } : {}),
      ...(media === undefined || kind === undefined
        ? {}
        : { encodingFormat: kind.form === "tree" ? "application/json" : encodingOf(media) }),
    });
  }

  /** A value of a parameter or of the environment. */
  value(name: string, value: unknown): string {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return this.put({
      "@id": `#value/${digestOf([name, text]).slice(0, 16)}`,
      "@type": "PropertyValue",
      name,
      value: text,
    });
  }

  /** Notes that an entity is a value of a parameter. @returns the entity. */
  example(entity: string, parameter: string): string {
    const add = (map: Map<string, Set<string>>, from: string, to: string) => {
      const known = map.get(from);
      if (known === undefined) map.set(from, new Set([to]));
      else known.add(to);
    };
    add(this.#examples, entity, parameter);
    add(this.#values, parameter, entity);
    return entity;
  }

  #withExamples(entity: Entity): Entity {
    const examples = this.#examples.get(entity["@id"]);
    const values = this.#values.get(entity["@id"]);
    return {
      ...entity,
      ...(examples ? refs("exampleOfWork", examples) : {}),
      ...(values ? refs("workExample", values) : {}),
    };
  }
}
