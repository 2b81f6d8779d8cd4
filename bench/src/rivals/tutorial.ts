/** The stack of the tutorials: express and pino-http; axios with a timeout, axios-retry, opossum with its defaults. */
import axios from 'axios';
import axiosRetry, { exponentialDelay } from 'axios-retry';
import express from 'express';
import CircuitBreaker from 'opossum';
import { pinoHttp } from 'pino-http';
import { GREETER_URL, listen, TIMEOUT_MS } from './rival.ts';

const http = axios.create({ baseURL: GREETER_URL, timeout: TIMEOUT_MS });
axiosRetry(http, { retries: 3, retryDelay: exponentialDelay });
const breaker = new CircuitBreaker((name: unknown) => http.get('/hello', { params: { name } }));

const app = express();
app.use(pinoHttp());
app.get('/hello', async (req, res) => {
  try {
    const { data } = await breaker.fire(req.query.name);
    res.json(data);
  } catch (error) {
    res.status(503).json({ error: (error as Error).message });
  }
});
listen(app);
