import { storeContract } from '../../test/store-contract.ts';
import memory from './memory.ts';

storeContract('memory', () => memory.open('memory:contract'));
