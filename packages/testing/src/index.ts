// What tests of policies need stands with the policies, whose own tests need it, too.
export * from '@halfopen/resilience/testing';
